import type { Clock } from './clock.js';

/** Waits for work, up to a limit in milliseconds. @returns whether it was over by then */
export async function isOverWithin(clock: Clock, limitMs: number, work: Promise<unknown>): Promise<boolean> {
  let cancelTimer = () => {};
  const late = new Promise<false>((resolve) => {
    cancelTimer = clock.after(limitMs, () => resolve(false));
  });
  const isOver = await Promise.race([work.then(() => true), late]);
  cancelTimer();
  return isOver;
}
