import { GlueError, slug, type OutboundSelector } from 'glue-core';
import type { OutboundEndpoint } from './endpoint-directory.js';

/**
 * Picks the endpoint that is meant among those linked to a backend. The suffix wins over the code; archived
 * endpoints are no candidates.
 * @param asker - in words, e.g. `backend shop,1`
 * @returns undefined when none matches
 * @throws GLUE_ENDPOINT_AMBIGUOUS when several match
 */
export function resolveEndpoint(
  linked: readonly OutboundEndpoint[],
  selector: OutboundSelector,
  asker: string,
): OutboundEndpoint | undefined {
  const matching = linked.filter((endpoint) => endpoint.state !== 'archived' && isMeant(endpoint, selector));
  if (matching.length <= 1) return matching[0];
  throw new GlueError(
    'GLUE_ENDPOINT_AMBIGUOUS',
    `${asker} has ${matching.length} outbound endpoints (${matching.map(({ code }) => code).join(', ')}); name one by codeSuffix or code`,
  );
}

/** The same, when there must be one. @throws GLUE_ENDPOINT_NOT_FOUND naming what was asked, GLUE_ENDPOINT_AMBIGUOUS */
export function requireEndpoint(
  linked: readonly OutboundEndpoint[],
  selector: OutboundSelector,
  asker: string,
): OutboundEndpoint {
  const endpoint = resolveEndpoint(linked, selector, asker);
  if (endpoint) return endpoint;
  throw new GlueError('GLUE_ENDPOINT_NOT_FOUND', `${asker} has no outbound endpoint${asked(selector)}`);
}

function isMeant({ suffix, code }: OutboundEndpoint, selector: OutboundSelector): boolean {
  // Compared as slugs: by their code two suffixes that differ in spelling only are one.
  if (selector.codeSuffix !== undefined) return slug(suffix) === slug(selector.codeSuffix);
  return selector.code === undefined || code === selector.code;
}

function asked({ codeSuffix, code }: OutboundSelector): string {
  if (codeSuffix !== undefined) return ` with the suffix "${codeSuffix}"`;
  return code === undefined ? '' : ` with the code "${code}"`;
}
