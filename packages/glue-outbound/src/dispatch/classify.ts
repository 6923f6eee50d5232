import { deadLetter, done, type Failure, type Outcome } from 'glue-core';
import type { SendCause } from '../send/send-failure.js';
import { retryAfterSeconds } from './retry-after.js';

/** Why an attempt did not succeed. Closed: dashboards and alerts are built on it. */
export type DeliveryCause = SendCause | 'http_4xx' | 'http_5xx' | 'throttled' | 'gone' | 'gate' | 'handler';

/** What an attempt means. */
export interface Verdict {
  readonly result: Outcome | Failure;
  readonly cause?: DeliveryCause;
}

/** What an endpoint says about statuses. */
export interface StatusRules {
  readonly successStatuses?: readonly number[] | undefined;
  readonly retryableStatuses: readonly number[];
  readonly preset: 'vendor' | 'subscriber';
}

/** Statuses below 500 that say "later" rather than "no": timeout, too early, too many. */
const LATER: ReadonlySet<number> = new Set([408, 425, 429]);

/** What a response means for its delivery. Pure. */
export function classifyResponse(
  { status, retryAfter }: { status: number; retryAfter?: string | undefined },
  rules: StatusRules,
  nowMs: number,
): Verdict {
  if (isSuccess(status, rules)) return { result: done() };
  const cause = statusCause(status);
  const note = `the receiver answered ${status}`;
  const named = rules.retryableStatuses.includes(status);
  if (cause === 'gone' && !named) return { result: deadLetter(note), cause };
  if (named || rules.preset === 'subscriber' || status >= 500 || LATER.has(status)) {
    const seconds = retryAfterSeconds(retryAfter, nowMs);
    return { result: { kind: 'failed', note, ...(seconds !== undefined && { seconds }) }, cause };
  }
  return { result: deadLetter(cause === 'protocol' ? `${note}, which is not expected here` : note), cause };
}

/** What it means that no complete response came. Rendered again, the same would come out. Pure. */
export function classifyFailure({ cause, note }: { cause: SendCause; note: string }): Verdict {
  if (cause === 'rendering') return { result: deadLetter(`this cannot be sent: ${note}`), cause };
  return {
    result: { kind: 'failed', note: `${cause}: ${note}`, ...(cause === 'internal' && { internal: true }) },
    cause,
  };
}

function isSuccess(status: number, { successStatuses }: StatusRules): boolean {
  return successStatuses ? successStatuses.includes(status) : status >= 200 && status <= 299;
}

/** Redirects and unexpected successes are `protocol`: the receiver does not speak as agreed. */
function statusCause(status: number): DeliveryCause {
  if (status === 410) return 'gone';
  if (status === 429) return 'throttled';
  if (status >= 500) return 'http_5xx';
  return status >= 400 ? 'http_4xx' : 'protocol';
}
