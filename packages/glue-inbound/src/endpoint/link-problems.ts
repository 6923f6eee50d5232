import {
  formatBackendReference,
  type BackendRegistry,
  type Clock,
  type EndpointRecord,
  type Logger,
} from 'glue-core';
import type { InboundHandler } from '../process/inbound-event.js';
import type { InboundEndpointConfig } from './endpoint-config.js';

/** What an endpoint may be linked to. */
export interface EndpointLinks {
  readonly registry: Pick<BackendRegistry, 'find'>;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, InboundHandler>;
  /** Scheme and host by which providers reach us. */
  readonly publicUrl?: string | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
}

type Linked = EndpointRecord<Pick<InboundEndpointConfig, 'handlers'>>;

/** Handlers that an endpoint names and nobody offers, one line each. */
export function handlerProblems({ handler, config }: Linked, { handlers }: EndpointLinks): string[] {
  const named = new Set([...(handler === undefined ? [] : [handler]), ...Object.values(config.handlers)]);
  return [...named]
    .filter((each) => !handlers.has(each))
    .map((each) => `no enabled connector offers the handler "${each}"`);
}

/** Why the backend that an endpoint is linked to cannot work now. */
export function backendProblems({ backend }: Linked, { registry }: EndpointLinks): string[] {
  const lookup = backend && registry.find(backend);
  if (!backend || !lookup || lookup.state === 'ready') return [];
  return [`backend ${formatBackendReference(backend)}: ${lookup.reason}`];
}
