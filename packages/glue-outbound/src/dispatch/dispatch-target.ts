import type { BackendLookup, BackendReference, ConnectorBackend } from 'glue-core';
import type { OutboundHandler } from '../delivery.js';
import type { EndpointDirectory, OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import type { EndpointMeans } from '../endpoint/open-endpoint.js';

/** Everything that works on the deliveries of one endpoint. */
export interface ReadyTarget {
  readonly state: 'ready';
  readonly endpoint: OutboundEndpoint;
  readonly means: EndpointMeans;
  readonly backend?: ConnectorBackend;
  readonly handler?: OutboundHandler;
}

/** That, or why they are held. */
export type DispatchTarget = ReadyTarget | { readonly state: 'held'; readonly reason: string };

/** Finds who works on an endpoint's deliveries, from memory. */
export class DispatchTargets {
  constructor(
    private readonly directory: EndpointDirectory,
    private readonly findBackend: (reference: BackendReference) => BackendLookup,
    private readonly handlers: ReadonlyMap<string, OutboundHandler>,
  ) {}

  find(endpointId: number): DispatchTarget {
    const endpoint = this.directory.get(endpointId);
    if (!endpoint) return held(`there is no outbound endpoint ${endpointId}`);
    if (endpoint.state !== 'active') return held(`endpoint "${endpoint.code}" is ${endpoint.state}`);
    const handler = endpoint.handler === undefined ? undefined : this.handlers.get(endpoint.handler);
    if (endpoint.handler !== undefined && !handler)
      return held(`no enabled connector offers the handler "${endpoint.handler}"`);
    const backend = endpoint.backend && this.findBackend(endpoint.backend);
    if (backend && backend.state !== 'ready') return held(backend.reason);
    const means = this.directory.meansOf(endpointId);
    if ('problems' in means) return held(means.problems.join('; '));
    return {
      state: 'ready',
      endpoint,
      means,
      ...(backend && { backend: backend.instance }),
      ...(handler && { handler }),
    };
  }
}

const held = (reason: string): DispatchTarget => ({ state: 'held', reason });
