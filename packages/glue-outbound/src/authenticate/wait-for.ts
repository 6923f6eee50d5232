import { onAbort, type Clock } from 'glue-core';

/** Waits for what others may wait for too, so that it goes on when this one waits no more. @returns undefined then */
export async function waitFor<T>(
  work: Promise<T>,
  {
    clock,
    limitMs,
    signal,
  }: { readonly clock: Clock; readonly limitMs: number; readonly signal: AbortSignal },
): Promise<T | undefined> {
  const { promise: over, resolve: end } = Promise.withResolvers<undefined>();
  const cancelTimer = clock.after(limitMs, () => end(undefined));
  const forget = onAbort(signal, () => end(undefined));
  try {
    return await Promise.race([work, over]);
  } finally {
    cancelTimer();
    forget();
  }
}
