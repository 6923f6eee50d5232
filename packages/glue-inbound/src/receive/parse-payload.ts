import type { InboundEndpointConfig } from '../endpoint/endpoint-config.js';
import { Refusal } from './refusal.js';

/** A proven body, parsed as far as the contract asks. */
export interface Payload {
  /** Undefined when the contract is `raw`. Of equal names in an object the last counts. */
  readonly document: unknown;
  /** The text that it was parsed from; empty when the contract is `raw`. */
  readonly json: string;
}

/** A byte order mark is left out; bytes that are no UTF-8 are refused, not replaced. */
const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Holds a proven body against the endpoint's payload contract. */
export function parsePayload(contract: InboundEndpointConfig['payload'], body: Buffer): Payload | Refusal {
  if (contract === 'raw') return { document: undefined, json: '' };
  const payload = parse(body);
  if (!payload) return new Refusal('payload', 'the body is not JSON in UTF-8');
  if (contract === 'object' && !isObject(payload.document))
    return new Refusal('payload', 'the body is JSON but no object');
  return payload;
}

function parse(body: Buffer): Payload | undefined {
  try {
    const json = utf8.decode(body);
    return { document: JSON.parse(json) as unknown, json };
  } catch {
    return undefined;
  }
}

function isObject(document: unknown): boolean {
  return typeof document === 'object' && document !== null && !Array.isArray(document);
}
