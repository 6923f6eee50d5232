import { createHash } from 'node:crypto';
import type { InboundConfig, SemanticName, Semantics } from '../endpoint/inbound-config.js';
import { readSources, type ProvenRequest } from './identify-source.js';
import { Refusal } from './refusal.js';

/** What a request is about and by which keys it is known. */
export interface Identity {
  readonly semantics: Semantics;
  /** The same key at the same endpoint is the same delivery. */
  readonly deliveryKey: string;
  readonly deliveryKeySource: InboundConfig['identity']['delivery'];
  readonly replayKey?: string;
  readonly orderingKey?: string;
}

/** Reads semantics and identity of a proven request. */
export function identify(
  { semantics: names, identity, orderingKey }: InboundConfig,
  request: ProvenRequest,
): Identity | Refusal {
  const semantics = semanticsOf(names, request);
  const delivery = identity.delivery === 'body_sha256' ? sha256(request.body) : semantics[identity.delivery];
  if (delivery === undefined)
    return new Refusal('validation', `the request has no ${identity.delivery}, which identifies deliveries`);
  const replay = identity.replay === 'none' ? undefined : semantics[identity.replay];
  const ordering = orderingKey && readSources(orderingKey, request);
  return {
    semantics,
    deliveryKey: boundedKey(delivery),
    deliveryKeySource: identity.delivery,
    ...(replay !== undefined && { replayKey: boundedKey(replay) }),
    ...(ordering !== undefined && { orderingKey: boundedKey(ordering) }),
  };
}

function semanticsOf(names: InboundConfig['semantics'], request: ProvenRequest): Semantics {
  const found: Partial<Record<SemanticName, string>> = {};
  for (const [name, sources] of Object.entries(names)) {
    const value = readSources(sources, request);
    if (value !== undefined) found[name as SemanticName] = value;
  }
  return found;
}

/**
 * A key as it is stored: short printable ASCII as it is, everything else by its hash. Databases differ in what
 * they take for equal (trailing blanks, accents), hashes do not.
 */
export function boundedKey(text: string): string {
  return /^[\x21-\x7e]{1,128}$/.test(text) ? text : `sha256:${sha256(wellFormed(text))}`;
}

/** Lone surrogates have no UTF-8 form and would all hash alike; JSON writes each as its own escape. */
const wellFormed = (text: string): string => (text.isWellFormed() ? text : JSON.stringify(text));

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
