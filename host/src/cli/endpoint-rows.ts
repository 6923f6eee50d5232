import { formatBackendReference, type EndpointView } from 'glue-core';
import type { HostConfig } from '../config/config-schema.js';
import { inboundUrl, localUrl } from '../http/host-url.js';
import type { Installation } from '../installation.js';
import type { Row } from './print.js';

/** Said wherever an endpoint is shown that takes requests without proof. */
export const UNVERIFIED = 'WARNING: not verified, anybody can post here';

/** The endpoints of both sides for a listing. */
export async function endpointRows({ inbound, outbound, config: hostConfig }: Installation): Promise<Row[]> {
  const taking = (await inbound?.endpoints.list()) ?? [];
  const sending = (await outbound?.endpoints.list()) ?? [];
  const url = publicUrlOf(hostConfig);
  return [
    ...taking.map((endpoint) => ({
      ...common('inbound', endpoint),
      where: inboundUrl(url, endpoint.path ?? endpoint.code),
      note: invalidNote(endpoint) ?? (endpoint.config?.verification.mode === 'none' ? UNVERIFIED : undefined),
    })),
    ...sending.map((endpoint) => ({
      ...common('outbound', endpoint),
      where:
        endpoint.config &&
        `${endpoint.config.method} ${endpoint.config.baseUrl ?? ''}${endpoint.config.path}`,
      note: invalidNote(endpoint),
    })),
  ];
}

/** Where providers reach the host; as far as the config says. */
export function publicUrlOf({ host }: HostConfig): string {
  return host.publicUrl ?? localUrl(host.address, host.port);
}

function common(side: string, { code, state, reason, backend, handler, name }: EndpointView): Row {
  return {
    side,
    code,
    state: reason === undefined ? state : `${state} (${reason})`,
    backend: backend && formatBackendReference(backend),
    handler,
    name,
  };
}

function invalidNote({ problems }: EndpointView): string | undefined {
  return problems.length === 0 ? undefined : `not valid: ${problems.join('; ')}`;
}
