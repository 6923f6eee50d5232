import type { OwnSecrets } from 'glue-core';
import type { InboundEndpoint } from './endpoint-config.js';
import { backendProblems, handlerProblems, type EndpointLinks } from './link-problems.js';
import { meansOf } from './open-endpoint.js';

/**
 * Everything that keeps an inbound endpoint from being active, all at once: handlers that nobody offers, a backend
 * that does not work, a verification that no request can pass, functions that its connector lacks, challenges that cannot be answered.
 * @param own - its secrets that count now
 * @returns one line each; none when it is complete
 */
export function endpointProblems(endpoint: InboundEndpoint, own: OwnSecrets, links: EndpointLinks): string[] {
  const problems = [...handlerProblems(endpoint, links), ...backendProblems(endpoint, links)];
  // Without its backend nothing can be said of what depends on it.
  if (backendProblems(endpoint, links).length > 0) return problems;
  const means = meansOf(endpoint, own, links);
  return [...problems, ...('problems' in means ? means.problems : means.edge.problems)];
}
