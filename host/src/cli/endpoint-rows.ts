import { formatBackendReference, type EndpointView, type SideName } from 'glue-core';
import type { EndpointCount, InboundEndpointConfig } from 'glue-inbound';
import type { EndpointHealthReport, OutboundEndpointConfig } from 'glue-outbound';
import type { HostConfig } from '../config/config-schema.js';
import { inboundUrl, localUrl } from '../http/host-url.js';
import type { Installation } from '../installation.js';
import { healthInShort } from './print-health.js';
import type { Row } from './print.js';

/** Said wherever an endpoint is shown that takes requests without proof. */
export const UNVERIFIED = 'WARNING: not verified, anybody can post here';

/** An endpoint of either side, with what is said wherever it is shown. */
export interface ShownEndpoint {
  readonly side: SideName;
  readonly endpoint: EndpointView;
  /** Where traffic enters or leaves; undefined while the configuration is not valid. */
  readonly where: string | undefined;
  /** What is wrong with it, in a line. */
  readonly fault: string | undefined;
  readonly isUnverified: boolean;
  /** Of an inbound one: how many requests were answered how. */
  readonly counts?: EndpointCount | undefined;
  /** Of an outbound one: what the database knows of its health. */
  readonly health?: EndpointHealthReport | undefined;
}

/** The endpoints of both sides. */
export async function shownEndpoints({ inbound, outbound, config }: Installation): Promise<ShownEndpoint[]> {
  const taking = (await inbound?.endpoints.list()) ?? [];
  const counts = await inbound?.counts.list();
  const sending = (await outbound?.endpoints.list()) ?? [];
  const health = await outbound?.healthReports.of(sending);
  return [
    ...taking.map((endpoint) => shownInbound(endpoint, counts?.get(endpoint.id), config)),
    ...sending.map((endpoint) => shownOutbound(endpoint, health?.get(endpoint.id))),
  ];
}

function shownInbound(
  endpoint: EndpointView<InboundEndpointConfig>,
  counts: EndpointCount = { accepted: 0, rejected: 0 },
  config: HostConfig,
): ShownEndpoint {
  return {
    side: 'inbound',
    endpoint,
    counts,
    where: inboundUrl(publicUrlOf(config), endpoint.path ?? endpoint.code),
    fault: faultOf(endpoint),
    isUnverified: endpoint.config?.verification.mode === 'none',
  };
}

function shownOutbound(
  endpoint: EndpointView<OutboundEndpointConfig>,
  health: EndpointHealthReport | undefined,
): ShownEndpoint {
  const { config } = endpoint;
  return {
    side: 'outbound',
    endpoint,
    health,
    where: config && `${config.method} ${config.baseUrl ?? ''}${config.path}`,
    fault: faultOf(endpoint),
    isUnverified: false,
  };
}

/** One line of a listing. */
export function endpointRow({
  side,
  endpoint,
  where,
  fault,
  isUnverified,
  counts,
  health,
}: ShownEndpoint): Row {
  const { code, state, reason, backend, handler, name } = endpoint;
  return {
    side,
    code,
    state: reason === undefined ? state : `${state} (${reason})`,
    backend: backend && formatBackendReference(backend),
    handler,
    name,
    where,
    accepted: counts?.accepted,
    rejected: counts?.rejected,
    health: health && healthInShort(health),
    note: notesOf(fault, isUnverified),
  };
}

/** Where providers reach the host; as far as the config says. */
export function publicUrlOf({ host }: HostConfig): string {
  return host.publicUrl ?? localUrl(host.address, host.port);
}

function notesOf(fault: string | undefined, isUnverified: boolean): string | undefined {
  const notes = [...(fault === undefined ? [] : [fault]), ...(isUnverified ? [UNVERIFIED] : [])];
  return notes.length === 0 ? undefined : notes.join('; ');
}

/** Of an active endpoint it is a fault; of a draft it is still to be done. */
function faultOf({ problems, config, state }: EndpointView): string | undefined {
  if (problems.length === 0) return undefined;
  const what = config === undefined ? 'not valid' : state === 'active' ? 'BROKEN' : 'not complete';
  return `${what}: ${problems.join('; ')}`;
}
