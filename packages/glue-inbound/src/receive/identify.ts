import { createHash } from 'node:crypto';
import type { InboundEndpointConfig, SemanticName, Semantics } from '../endpoint/endpoint-config.js';
import type { SemanticFunctions } from '../endpoint/semantic-functions.js';
import { readSources, sha256Of, type ProvenRequest } from './identify-source.js';
import { Refusal } from './refusal.js';

/** What a request is about and by which keys it is known. */
export interface Identity {
  readonly semantics: Semantics;
  /** The same key at the same endpoint is the same delivery. */
  readonly deliveryKey: string;
  readonly deliveryKeySource: InboundEndpointConfig['identity']['delivery'];
  readonly replayKey?: string;
  readonly orderingKey?: string;
}

/**
 * Reads semantics and identity of a proven request.
 * @param functions - what the connector offers, for the sources that ask for it
 */
export function identify(
  { semantics: names, identity, orderingKey }: InboundEndpointConfig,
  request: ProvenRequest,
  functions: SemanticFunctions,
): Identity | Refusal {
  const semantics = semanticsOf(names, request, functions);
  if (semantics instanceof Refusal) return semantics;
  const delivery = identity.delivery === 'body_sha256' ? sha256(request.body) : semantics[identity.delivery];
  if (delivery === undefined)
    return new Refusal('validation', `the request has no ${identity.delivery}, which identifies deliveries`);
  const replay = identity.replay === 'none' ? undefined : semantics[identity.replay];
  const ordering = orderingKey && readSources(orderingKey, request, functions);
  if (ordering instanceof Refusal) return ordering;
  return {
    semantics,
    deliveryKey: boundedKey(delivery),
    deliveryKeySource: identity.delivery,
    ...(replay !== undefined && { replayKey: boundedKey(replay) }),
    ...(ordering !== undefined && { orderingKey: boundedKey(ordering) }),
  };
}

function semanticsOf(
  names: InboundEndpointConfig['semantics'],
  request: ProvenRequest,
  functions: SemanticFunctions,
): Semantics | Refusal {
  const found: Partial<Record<SemanticName, string>> = {};
  for (const [name, sources] of Object.entries(names)) {
    const value = readSources(sources, request, functions);
    if (value instanceof Refusal) return value;
    if (value !== undefined) found[name as SemanticName] = value;
  }
  return found;
}

/**
 * A key as it is stored: short printable ASCII as it is, everything else by its hash. Databases differ in what
 * they take for equal (trailing blanks, accents), hashes do not. What looks like a key of our own making is hashed too,
 * so that nobody can send the key of somebody else's event.
 */
export function boundedKey(text: string): string {
  return /^(?!sha256:|replay:)[\x21-\x7e]{1,128}$/.test(text) ? text : `sha256:${sha256Of(text)}`;
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
