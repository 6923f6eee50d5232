import { GlueError, type Clock } from 'glue-core';

/**
 * Runs foreign code within a time limit; its signal is aborted when the limit passes.
 * @throws GLUE_HANDLER_DEADLINE, and whatever the work throws
 */
export async function withinDeadline<T>(
  clock: Clock,
  limitMs: number,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = new AbortController();
  let cancelTimer = () => {};
  const late = new Promise<never>((_resolve, reject) => {
    cancelTimer = clock.after(limitMs, () => {
      const error = new GlueError('GLUE_HANDLER_DEADLINE', `no result within ${limitMs} ms`);
      deadline.abort(error);
      reject(error);
    });
  });
  try {
    return await Promise.race([work(AbortSignal.any([outer, deadline.signal])), late]);
  } finally {
    cancelTimer();
  }
}
