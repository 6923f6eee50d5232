import { z } from 'zod';
import type { Outcome } from '../outcome/outcome.js';
import { durationSeconds } from '../validation/duration.js';

/** The spec's default delays: 5s, 5m, 30m, 2h, 5h, 10h, 14h, 20h, 24h, then dead letter. */
export const DEFAULT_RETRY_DELAYS_SECONDS: readonly number[] = [
  5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** When failed work is tried again: one delay per failure; after the last it is a dead letter. */
export const retryPolicySchema = z.strictObject({
  delays: z
    .array(durationSeconds)
    .max(100)
    .default([...DEFAULT_RETRY_DELAYS_SECONDS]),
  /** Share of a delay that is added at random, never taken away. */
  jitter: z.number().min(0).max(0.1).default(0.1),
});
export type RetryPolicy = z.infer<typeof retryPolicySchema>;

export const defaultRetryPolicy: RetryPolicy = retryPolicySchema.parse({});

/** Pause after a fault of our own. The policy is for the other side's faults, and may allow no retry at all. */
const INTERNAL_RETRY_SECONDS = 5;
/** A year: whatever is asked for, a due time stays a date that every database can hold. */
const LONGEST_DELAY_SECONDS = 365 * 86_400;

/** What happens to an item after an attempt. */
export type NextStep =
  | { readonly state: 'done' | 'canceled' | 'dead_letter'; readonly note?: string }
  | { readonly state: 'retrying'; readonly delayMs: number; readonly note?: string };

/** An attempt that failed without deciding anything: an exception, a deadline, a refused connection. */
export interface Failure {
  readonly kind: 'failed';
  readonly note: string;
  /** Lengthens the policy's delay, e.g. by a receiver's Retry-After. */
  readonly seconds?: number;
  /** Our own fault: tried again soon, without using up a retry. */
  readonly internal?: boolean;
}

/**
 * Decides what follows an attempt. Pure.
 * @param failures - failures before this attempt that used up a retry
 * @param random - in [0, 1), for jitter
 */
export function nextStep(
  result: Outcome | Failure,
  failures: number,
  policy: RetryPolicy,
  random: number,
): NextStep {
  switch (result.kind) {
    case 'done':
      return { state: 'done', ...withNote(result.note) };
    case 'cancel':
      return { state: 'canceled', ...withNote(result.note) };
    case 'dead_letter':
      return { state: 'dead_letter', note: result.note };
    case 'retry':
    case 'failed': {
      const internal = result.kind === 'failed' && result.internal === true;
      const delay = internal ? INTERNAL_RETRY_SECONDS : policy.delays[failures];
      if (delay === undefined) {
        const tries = failures + 1;
        return {
          state: 'dead_letter',
          note: joined(result.note, `given up after ${tries} ${tries === 1 ? 'attempt' : 'attempts'}`),
        };
      }
      const plannedMs = wholeMs(delay);
      const delayMs = Math.max(
        plannedMs + Math.floor(plannedMs * policy.jitter * random),
        wholeMs(result.seconds ?? 0),
      );
      return { state: 'retrying', delayMs, ...withNote(result.note) };
    }
  }
}

/** Rounded up, since never earlier. */
const wholeMs = (seconds: number) => Math.ceil(Math.min(seconds, LONGEST_DELAY_SECONDS) * 1000);
const withNote = (note: string | undefined) => (note === undefined ? {} : { note });
const joined = (note: string | undefined, end: string) => (note ? `${note}; ${end}` : end);
