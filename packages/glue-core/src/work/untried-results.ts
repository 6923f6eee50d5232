import { nextStep, type RetryPolicy } from '../retry/retry-policy.js';
import type { ClaimedRow } from './claim-work.js';
import { cutNote } from './cut-note.js';
import { Effects } from './effects.js';
import type { Settlement } from './settle-work.js';
import { surprise } from './surprise.js';

/** The settlement of a claimed item whose content is gone: nobody can ever try it, and nothing waits for it. */
export function contentGone(row: ClaimedRow, nowMs: number): Settlement {
  const note = 'its content is gone: it was deleted from the database, and only this row is left';
  return {
    row,
    step: { state: 'dead_letter', note },
    failures: row.failures,
    attempt: { startedAt: nowMs, endedAt: nowMs, outcome: 'dead_letter', cause: 'internal', note },
    effects: new Effects(),
    nowMs,
    blocksKey: false,
  };
}

/** The settlement of an attempt that the database refused: a failed attempt, without effects or the side's columns. */
export function refusedResult(
  { row, attempt, blocksKey, nowMs }: Settlement,
  retryPolicy: RetryPolicy,
  error: unknown,
): Settlement {
  const { result, cause, error: stack } = surprise(error);
  const step = cutNote(nextStep(result, row.failures, retryPolicy, 0));
  return {
    row,
    step,
    failures: row.failures + 1,
    attempt: {
      startedAt: attempt.startedAt,
      endedAt: attempt.endedAt,
      outcome: 'failed',
      ...(cause && { cause }),
      ...(step.note && { note: step.note }),
      ...(stack && { error: stack }),
    },
    effects: new Effects(),
    nowMs,
    blocksKey,
  };
}
