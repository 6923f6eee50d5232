import type { EndpointState, OwnSecrets } from 'glue-core';
import { createVerifier, type Verifier } from '../receive/verifier.js';
import { secretHeadersOfChallenges } from './challenge.js';
import { endpointEdge, type EndpointEdge } from './endpoint-edge.js';
import type { InboundEndpoint } from './endpoint-config.js';
import { backendProblems, handlerProblems, type EndpointLinks } from './link-problems.js';
import { semanticFunctionsOf, type SemanticFunctions } from './semantic-functions.js';
import { secretHeadersOf } from './verification.js';

interface Known {
  readonly id: number;
  readonly code: string;
  readonly path: string;
  readonly state: EndpointState;
  /** Lower-case names of headers that are never kept, whether or not a request can be proven. */
  readonly secretHeaders: readonly string[];
}

/** By what an endpoint takes requests. */
interface Means {
  readonly verifier: Verifier;
  /** What its sources ask the connector for. */
  readonly functions: SemanticFunctions;
  readonly edge: EndpointEdge;
}

/** What can be done with an endpoint now. */
export type OpenEndpoint =
  | (Known & Means & { readonly status: 'ready'; readonly endpoint: InboundEndpoint })
  /** Nobody can prove who calls, or say what it is about, but what was stored is processed. */
  | (Known & { readonly status: 'unverifiable'; readonly endpoint: InboundEndpoint; readonly reason: string })
  /** Neither: the provider is asked to come again, what was stored waits. */
  | (Known & { readonly status: 'broken'; readonly reason: string });

export type ReadyEndpoint = Extract<OpenEndpoint, { status: 'ready' }>;

/** Looks at what an endpoint is linked to. */
export function openEndpoint(endpoint: InboundEndpoint, own: OwnSecrets, links: EndpointLinks): OpenEndpoint {
  const { id, code, path = code, state, config } = endpoint;
  const declared = [
    ...secretHeadersOf(config.verification),
    ...secretHeadersOfChallenges(config.challenges),
    ...config.redactHeaders,
  ];
  const known = { id, code, path, state, secretHeaders: declared };
  const broken = [...handlerProblems(endpoint, links), ...backendProblems(endpoint, links)];
  if (broken.length > 0) return { ...known, status: 'broken', reason: broken.join('; ') };
  const means = meansOf(endpoint, own, links);
  if ('problems' in means)
    return { ...known, status: 'unverifiable', endpoint, reason: means.problems.join('; ') };
  const secretHeaders = [...new Set([...declared, ...means.verifier.secretHeaders])];
  return { ...known, ...means, secretHeaders, status: 'ready', endpoint };
}

/** By what an endpoint whose backend works takes requests, or everything that it lacks. */
export function meansOf(
  { code, backend, config }: InboundEndpoint,
  own: OwnSecrets,
  { registry, publicUrl, clock, logger }: EndpointLinks,
): Means | { readonly problems: readonly string[] } {
  const lookup = backend && registry.find(backend);
  const instance = lookup?.state === 'ready' ? lookup.instance : undefined;
  const { functions, problems } = semanticFunctionsOf(config, instance);
  const verifier = createVerifier(
    config,
    { own, publicUrl, ...(instance && { backend: instance }) },
    { clock, logger: logger.child({ endpoint: code }) },
  );
  if ('reason' in verifier) return { problems: [verifier.reason, ...problems] };
  return problems.length > 0
    ? { problems }
    : { verifier, functions, edge: endpointEdge(config, instance, own) };
}
