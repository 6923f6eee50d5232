import { formatBackendReference, type BackendRegistry, type EndpointState } from 'glue-core';
import type { InboundHandler } from '../process/inbound-event.js';
import type { InboundEndpoint } from './inbound-config.js';
import { secretKeysOf } from './secret-keys.js';

interface Known {
  readonly id: number;
  readonly code: string;
  readonly path: string;
  readonly state: EndpointState;
}

/** What can be done with an endpoint now. */
export type OpenEndpoint =
  | (Known & {
      readonly status: 'ready';
      readonly endpoint: InboundEndpoint;
      /** Every live secret, as a key. */
      readonly keys: readonly Buffer[];
    })
  /** Nobody can prove who calls, but what was stored is processed. */
  | (Known & { readonly status: 'unverifiable'; readonly endpoint: InboundEndpoint; readonly reason: string })
  /** Neither: the provider is asked to come again, what was stored waits. */
  | (Known & { readonly status: 'broken'; readonly reason: string });

export interface EndpointLinks {
  readonly registry: Pick<BackendRegistry, 'find'>;
  readonly handlers: ReadonlyMap<string, InboundHandler>;
}

/** Looks at what an endpoint is linked to. */
export function openEndpoint(endpoint: InboundEndpoint, { registry, handlers }: EndpointLinks): OpenEndpoint {
  const { id, code, path = code, state, backend, handler } = endpoint;
  const known = { id, code, path, state };
  if (handler !== undefined && !handlers.has(handler))
    return { ...known, status: 'broken', reason: `no enabled connector offers the handler "${handler}"` };
  const lookup = backend && registry.find(backend);
  if (backend && lookup?.state !== 'ready') {
    const reason = `backend ${formatBackendReference(backend)}: ${lookup?.reason}`;
    return { ...known, status: 'broken', reason };
  }
  const { verification } = endpoint.config;
  switch (verification.mode) {
    case 'none':
      return { ...known, status: 'ready', endpoint, keys: [] };
    case 'hmac': {
      const found = secretKeysOf(verification, lookup?.state === 'ready' ? lookup.instance.settings : {});
      if ('problem' in found) return { ...known, status: 'unverifiable', endpoint, reason: found.problem };
      return { ...known, status: 'ready', endpoint, keys: found.keys };
    }
  }
}
