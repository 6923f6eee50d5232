import {
  formatBackendReference,
  messageOf,
  type BackendRegistry,
  type ConnectorBackend,
  type OwnSecrets,
} from 'glue-core';
import type { OutboundHandler } from '../delivery.js';
import { hasOutboundHooks } from '../outbound-backend.js';
import type { AddressGuard } from '../send/address-guard.js';
import { egressProblem, type Egress } from '../send/egress.js';
import { tokenUrlRefusal } from '../send/token-url-refusal.js';
import { certificateOf } from './authentication.js';
import { bodyProblems } from './body.js';
import type { OutboundEndpoint } from './endpoint-directory.js';
import { openMeans, type EndpointMeans } from './open-endpoint.js';

/** What an endpoint depends on. */
export interface EndpointLinks {
  readonly registry: Pick<BackendRegistry, 'find'>;
  /** By `<connector>:<handlerId>`. */
  readonly handlers: ReadonlyMap<string, OutboundHandler>;
  /** Of the connector of a backend type; undefined: nothing limits it. */
  readonly egressOf: (backendType: string) => Egress | undefined;
  readonly guard: Pick<AddressGuard, 'checkUrl' | 'allowsHost'>;
}

/**
 * Everything that keeps an outbound endpoint from being active, all at once: a handler that nobody offers, a backend
 * that does not work, a receiver that nobody names or that must not be called, secrets that are missing or unreadable.
 * @param own - its secrets that count now
 * @returns one line each; none when it is complete
 */
export function endpointProblems(
  endpoint: OutboundEndpoint,
  own: OwnSecrets,
  links: EndpointLinks,
): string[] {
  const { handler, backend } = endpoint;
  const lookup = backend && links.registry.find(backend);
  const missing = [
    ...(handler === undefined || links.handlers.has(handler)
      ? []
      : [`no enabled connector offers the handler "${handler}"`]),
    ...bodyProblems(endpoint.config),
  ];
  // Without its backend nothing can be said of where it leads.
  if (backend && lookup && lookup.state !== 'ready')
    return [...missing, `backend ${formatBackendReference(backend)}: ${lookup.reason}`];
  const instance = lookup?.state === 'ready' ? lookup.instance : undefined;
  const means = openMeans(endpoint.config, own, instance);
  return [
    ...missing,
    ...receiverProblems(endpoint, instance, links),
    ...('problems' in means ? means.problems : [...means.warnings, ...tokenProblems(endpoint, means, links)]),
  ];
}

function tokenProblems(
  { backend }: OutboundEndpoint,
  { authenticator: { tokenUrl } }: EndpointMeans,
  { egressOf, guard }: EndpointLinks,
): string[] {
  const refusal = tokenUrl && tokenUrlRefusal(tokenUrl, backend && egressOf(backend.type), guard);
  return refusal === undefined ? [] : [`authentication: the token endpoint: ${refusal}`];
}

function receiverProblems(
  { config: { baseUrl, authentication }, backend }: OutboundEndpoint,
  instance: ConnectorBackend | undefined,
  { egressOf, guard }: EndpointLinks,
): string[] {
  // The backend's word goes before the endpoint's; it is heard, and checked, at each attempt.
  if (instance && hasOutboundHooks(instance) && typeof instance.outboundBaseUrl === 'function') return [];
  if (baseUrl === undefined)
    return ['there is no base URL: set config.baseUrl, or link it to a backend that gives one'];
  const url = new URL(baseUrl);
  const undeclared = egressProblem(url.hostname, backend && egressOf(backend.type));
  return [
    ...(undeclared === undefined ? [] : [`config.baseUrl: ${undeclared}`]),
    ...(certificateOf(authentication) && url.protocol !== 'https:'
      ? ['config.baseUrl: a client certificate proves nothing without https']
      : []),
    ...blockedUrl(url, guard),
  ];
}

function blockedUrl(url: URL, guard: EndpointLinks['guard']): string[] {
  try {
    guard.checkUrl(url);
    return [];
  } catch (error) {
    return [`config.baseUrl: ${messageOf(error)}`];
  }
}
