import type { Clock } from '../clock/clock.js';
import type { Logger } from '../log/logger.js';
import { deadLetter } from '../outcome/outcome.js';
import { nextStep } from '../retry/retry-policy.js';
import type { ClaimedRow } from './claim-work.js';
import { cutNote } from './cut-note.js';
import { Effects } from './effects.js';
import { onAbort } from './on-abort.js';
import type { Settlement } from './settle-work.js';
import { surprise } from './surprise.js';
import type { AttemptContext, AttemptResult, WorkItem, WorkSource } from './work-source.js';

export interface AttemptEnvironment {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly random: () => number;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Aborted when the lease is lost or the host stops. */
  readonly hostSignal: AbortSignal;
  /** Aborted when the host waits no longer for attempts whose result is decided. */
  readonly stopSignal: AbortSignal;
}

/** What came of an attempt, and whether it stands although the host gave the attempt up. */
interface Ended {
  readonly result: AttemptResult;
  readonly isDecided: boolean;
}

/** An item whose host was lost this often running, with no result between, is given up untried: most likely it ends them. */
const MAX_TAKEOVERS = 10;
const poisoned: AttemptResult = {
  result: deadLetter(`given up: ${MAX_TAKEOVERS} hosts were lost while they worked on it`),
  cause: 'internal',
};

/**
 * Runs one attempt within its deadline and turns whatever comes of it into a settlement.
 * @returns undefined when the host's lease was lost meanwhile and nothing was decided: then the result belongs to nobody
 */
export async function runAttempt<Item extends WorkItem>(
  source: WorkSource<Item>,
  item: Item,
  row: ClaimedRow,
  environment: AttemptEnvironment,
): Promise<Settlement | undefined> {
  const { now, hostSignal, random, clock } = environment;
  const logger = environment.logger.child({ id: row.id, attempt: row.attempts });
  const effects = new Effects({
    clock,
    askedTooLate: () =>
      logger.error({}, 'a handler asked for a write after its attempt had ended; it is not written'),
  });
  const startedAt = now();
  const work = { attempt: row.attempts, logger, effects };
  const ended =
    row.takeovers >= MAX_TAKEOVERS
      ? { result: poisoned, isDecided: false }
      : await withinDeadline(source, item, work, environment);
  effects.end();
  if (hostSignal.aborted && !ended.isDecided) return undefined;
  const { result, cause, error, side } = ended.result;

  const step = cutNote(nextStep(result, row.failures, item.retryPolicy, random()));
  const countsAsFailure =
    step.state !== 'done' && step.state !== 'canceled' && !(result.kind === 'failed' && result.internal);
  const endedAt = now();
  return {
    row,
    step,
    failures: row.failures + (countsAsFailure ? 1 : 0),
    attempt: {
      // The database's clock may have been set back meanwhile.
      startedAt: Math.min(startedAt, endedAt),
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

/** One for all: to make an error costs more than all else here. */
const attemptEnded = new Error('the attempt has ended');

async function withinDeadline<Item extends WorkItem>(
  source: WorkSource<Item>,
  item: Item,
  work: Omit<AttemptContext, 'signal' | 'decided'>,
  { clock, hostSignal, stopSignal }: AttemptEnvironment,
): Promise<Ended> {
  const controller = new AbortController();
  const { promise: givenUp, resolve } = Promise.withResolvers<AttemptResult>();
  let decided: AttemptResult | undefined;
  const giveUp = (reason: unknown, result: AttemptResult): void => {
    controller.abort(reason);
    resolve(decided ?? result);
  };
  const endDecided = (): void => {
    if (decided) giveUp(stopSignal.reason, decided);
  };
  let isLate = false;
  const cancelTimer = clock.after(item.deadlineMs, () => {
    isLate = true;
    giveUp(new Error(`the deadline of ${item.deadlineMs} ms has passed`), {
      result: { kind: 'failed', note: `no result within ${item.deadlineMs} ms` },
      cause: 'timeout',
    });
  });
  const stopListening = onAbort(hostSignal, () =>
    giveUp(hostSignal.reason, { result: { kind: 'failed', note: 'aborted', internal: true } }),
  );
  const stopWaiting = onAbort(stopSignal, endDecided);
  const decide = (result: AttemptResult): void => {
    decided = result;
    if (stopSignal.aborted) endDecided();
  };
  try {
    const attempt = source.attempt(item, { ...work, signal: controller.signal, decided: decide });
    const result = await Promise.race([attempt, givenUp]);
    if (isLate) tellOfItsEnd(attempt, work.logger, clock);
    return { result, isDecided: decided !== undefined };
  } catch (error) {
    return { result: decided ?? surprise(error), isDecided: decided !== undefined };
  } finally {
    cancelTimer();
    stopListening();
    stopWaiting();
    // For a handler that left something running.
    controller.abort(attemptEnded);
  }
}

/** A handler that ignores its signal goes on beside the attempts that follow: its author should know for how long. */
function tellOfItsEnd(attempt: Promise<unknown>, logger: Logger, clock: Clock): void {
  const deadlineAt = clock.monotonic();
  const tell = (): void =>
    logger.warn(
      { lateMs: Math.round(clock.monotonic() - deadlineAt) },
      'a handler ended after its deadline; what came of it is not used',
    );
  attempt.then(tell, tell);
}
