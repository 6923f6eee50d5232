import type { InboundConfig } from '../endpoint/inbound-config.js';
import { Refusal } from './refusal.js';

/** A proven body, parsed as far as the contract asks. */
export interface Payload {
  /** Undefined when the contract is `raw`. Whole numbers that JavaScript would round are kept as text. */
  readonly document: unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Holds a proven body against the endpoint's payload contract. */
export function parsePayload(contract: InboundConfig['payload'], body: Buffer): Payload | Refusal {
  if (contract === 'raw') return { document: undefined };
  let document: unknown;
  try {
    document = parseExactly(utf8.decode(body));
  } catch {
    return new Refusal('payload', 'the body is not JSON in UTF-8');
  }
  if (contract === 'object' && (typeof document !== 'object' || document === null || Array.isArray(document)))
    return new Refusal('payload', 'the body is JSON but no object');
  return { document };
}

/** Two ids that differ in their last digits only must not become one number. */
function parseExactly(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text);
  try {
    return JSON.parse(text, exactNumber);
  } catch (error) {
    // The reviver recurses; without it JSON of any depth is read.
    if (error instanceof RangeError) return JSON.parse(text);
    throw error;
  }
}

function exactNumber(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
    ? context?.source
    : value;
}
