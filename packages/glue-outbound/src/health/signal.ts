import type { DeliveryState, OutboundResponse } from '../delivery.js';
import type { DeliveryCause, Verdict } from '../dispatch/classify.js';
import { retryAfterSeconds } from '../dispatch/retry-after.js';

/** What an attempt tells of the health of its endpoint. */
export type HealthSignal =
  | { readonly kind: 'accepted' }
  /** The receiver failed. */
  | { readonly kind: 'failed'; readonly slowDownMs?: number; readonly exhausted: boolean }
  /** A fault of our own. */
  | { readonly kind: 'ours' }
  /** Nothing of the receiver: its request was not made, or not by Glue. */
  | { readonly kind: 'undecided' };

/** Causes that are neither the receiver's nor a fault of the host: code and data of those who queue. */
const NOBODYS: ReadonlySet<DeliveryCause> = new Set(['rendering', 'gate', 'handler']);
/** Statuses that ask for fewer requests, as 503 does with a Retry-After. */
const SLOW_DOWN: ReadonlySet<number> = new Set([429, 502, 504]);

/**
 * What an attempt tells of its endpoint. Pure.
 * @param state - what becomes of its delivery
 */
export function healthSignal(
  { verdict, response }: { verdict: Verdict; response?: OutboundResponse },
  state: DeliveryState,
  nowMs: number,
): HealthSignal {
  const { cause } = verdict;
  if (cause === undefined) return { kind: response ? 'accepted' : 'undecided' };
  if (cause === 'internal') return { kind: 'ours' };
  if (NOBODYS.has(cause)) return { kind: 'undecided' };
  const slowDownMs = response && slowDownOf(response, nowMs);
  return {
    kind: 'failed',
    exhausted: state === 'dead_letter',
    ...(slowDownMs !== undefined && { slowDownMs }),
  };
}

/** @returns how long the receiver asks to wait, 0 when it names no time; undefined when it does not ask */
function slowDownOf({ status, headers }: OutboundResponse, nowMs: number): number | undefined {
  const seconds = retryAfterSeconds(headers['retry-after'], nowMs);
  if (!SLOW_DOWN.has(status) && (status !== 503 || seconds === undefined)) return undefined;
  return (seconds ?? 0) * 1000;
}
