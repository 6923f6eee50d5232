/** What an attempt decided: a value, not an exception. */
export type Outcome =
  | { readonly kind: 'done'; readonly note?: string }
  | { readonly kind: 'retry'; readonly seconds: number; readonly note?: string }
  | { readonly kind: 'dead_letter'; readonly note: string }
  | { readonly kind: 'cancel'; readonly note?: string };

/** Seconds that `retry()` waits when none are given. */
export const DEFAULT_RETRY_SECONDS = 60;

/** Finished well. */
export const done = (note?: string): Outcome => ({ kind: 'done', ...(note !== undefined && { note }) });

/**
 * Try again later. The delay can only lengthen what the retry policy says, never shorten it.
 * @param options.seconds - seconds to wait at least. @defaultValue 60
 */
export const retry = ({
  seconds = DEFAULT_RETRY_SECONDS,
  note,
}: { seconds?: number; note?: string } = {}): Outcome => ({
  kind: 'retry',
  seconds,
  ...(note !== undefined && { note }),
});

/** Give up for good; kept, shown, replayable. */
export const deadLetter = (note: string): Outcome => ({ kind: 'dead_letter', note });

/** Not wanted any more; not an error. */
export const cancel = (note?: string): Outcome => ({ kind: 'cancel', ...(note !== undefined && { note }) });

const kinds: ReadonlySet<unknown> = new Set<Outcome['kind']>(['done', 'retry', 'dead_letter', 'cancel']);

/** Whether a value that foreign code returned is an outcome. */
export function isOutcome(value: unknown): value is Outcome {
  if (typeof value !== 'object' || value === null || !('kind' in value) || !kinds.has(value.kind))
    return false;
  if (value.kind === 'retry') {
    return (
      'seconds' in value &&
      typeof value.seconds === 'number' &&
      value.seconds >= 0 &&
      Number.isFinite(value.seconds)
    );
  }
  return true;
}
