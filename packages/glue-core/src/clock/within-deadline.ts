import { GlueError } from '../errors/glue-error.js';
import type { Clock } from './clock.js';

/**
 * Runs foreign code within a time limit; its signal is aborted when the limit passes, or when the outer one is.
 * @param missed - what did not happen, for the message
 * @throws GLUE_HANDLER_DEADLINE, and whatever the work throws
 */
export async function withinDeadline<T>(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
  missed = 'no result',
): Promise<T> {
  const deadline = new AbortController();
  let cancelTimer = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancelTimer = clock.after(limitMs, () => {
      const error = new GlueError('GLUE_HANDLER_DEADLINE', `${missed} within ${limitMs} ms`);
      deadline.abort(error);
      reject(error);
    });
  });
  const signal = outer ? AbortSignal.any([outer, deadline.signal]) : deadline.signal;
  try {
    return await Promise.race([work(signal), late]);
  } finally {
    cancelTimer();
  }
}
