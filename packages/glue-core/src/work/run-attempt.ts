import type { Clock } from '../clock/clock.js';
import type { Logger } from '../log/logger.js';
import { messageOf } from '../errors/glue-error.js';
import { nextStep, type NextStep } from '../retry/retry-policy.js';
import type { ClaimedRow } from './claim-work.js';
import { Effects } from './effects.js';
import type { Settlement } from './settle-work.js';
import type { AttemptResult, WorkItem, WorkSource } from './work-source.js';

export interface AttemptEnvironment {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Aborted when the lease is lost or the host stops. */
  readonly hostSignal: AbortSignal;
}

/**
 * Runs one attempt within its deadline and turns whatever comes of it into a settlement.
 * @returns undefined when the host's lease was lost meanwhile: then the result belongs to nobody
 */
export async function runAttempt<Item extends WorkItem>(
  source: WorkSource<Item>,
  item: Item,
  row: ClaimedRow,
  environment: AttemptEnvironment,
): Promise<Settlement | undefined> {
  const { now, hostSignal, random } = environment;
  const effects = new Effects();
  const startedAt = now();
  const { result, cause, error, side } = await withinDeadline(source, item, row, effects, environment);
  if (hostSignal.aborted) return undefined;

  const step = cutNote(nextStep(result, row.failures, item.retryPolicy, random()));
  const countsAsFailure =
    step.state !== 'done' && step.state !== 'canceled' && !(result.kind === 'failed' && result.internal);
  const endedAt = now();
  return {
    row,
    step,
    failures: row.failures + (countsAsFailure ? 1 : 0),
    attempt: {
      startedAt,
      endedAt,
      outcome: result.kind,
      ...(cause !== undefined && { cause }),
      ...(step.note !== undefined && { note: step.note }),
      ...(error !== undefined && { error }),
      ...(side !== undefined && { side }),
    },
    // What is tried again leaves nothing behind but its log: the next attempt asks for its effects anew.
    effects: step.state === 'retrying' || result.kind === 'failed' ? new Effects() : effects,
    nowMs: endedAt,
    blocksKey: item.blocksKey,
  };
}

async function withinDeadline<Item extends WorkItem>(
  source: WorkSource<Item>,
  item: Item,
  row: ClaimedRow,
  effects: Effects,
  { clock, logger, hostSignal }: AttemptEnvironment,
): Promise<AttemptResult> {
  const deadline = new AbortController();
  let cancelTimer = () => {};
  const late = new Promise<AttemptResult>((resolve) => {
    cancelTimer = clock.after(item.deadlineMs, () => {
      deadline.abort(new Error(`the deadline of ${item.deadlineMs} ms has passed`));
      resolve({
        result: { kind: 'failed', note: `no result within ${item.deadlineMs} ms` },
        cause: 'timeout',
      });
    });
    hostSignal.addEventListener(
      'abort',
      () => resolve({ result: { kind: 'failed', note: 'aborted', internal: true } }),
      {
        once: true,
        signal: deadline.signal,
      },
    );
  });
  const signal = AbortSignal.any([deadline.signal, hostSignal]);
  try {
    return await Promise.race([
      source.attempt(item, {
        attempt: row.attempts,
        signal,
        logger: logger.child({ id: row.id, attempt: row.attempts }),
        effects,
      }),
      late,
    ]);
  } catch (error) {
    return surprise(error);
  } finally {
    cancelTimer();
    // Ends the host listener; harmless for a handler that is done, a last call for one that is not.
    if (!deadline.signal.aborted) deadline.abort(new Error('the attempt has ended'));
  }
}

/** Longer notes are cut: they are for people, and foreign code puts in them what it was sent. */
const NOTE_LENGTH = 500;

function cutNote(step: NextStep): NextStep {
  const { note } = step;
  return note === undefined || note.length <= NOTE_LENGTH
    ? step
    : { ...step, note: `${note.slice(0, NOTE_LENGTH - 1)}…` };
}

/** A thrown error: tried again by policy, its stack kept. */
function surprise(error: unknown): AttemptResult {
  return {
    result: { kind: 'failed', note: messageOf(error) },
    cause: 'handler',
    error: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

/** The settlement of an attempt that the database refused: a failed attempt, without effects or the side's columns. */
export function refusedResult<Item extends WorkItem>(
  { row, attempt, blocksKey, nowMs }: Settlement,
  { retryPolicy }: Item,
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
