import { z } from 'zod';

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

const note = z.string().optional();
const outcomeSchema: z.ZodType<Outcome> = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('done'), note }),
  z.object({ kind: z.literal('retry'), seconds: z.number().nonnegative(), note }),
  z.object({ kind: z.literal('dead_letter'), note: z.string() }),
  z.object({ kind: z.literal('cancel'), note }),
]);

/**
 * The outcome that foreign code returned, as a copy: an object with getters, or a proxy, is asked once only.
 * @returns undefined when it is none
 */
export function outcomeOf(value: unknown): Outcome | undefined {
  return outcomeSchema.safeParse(value).data;
}

/** Whether a value that foreign code returned is an outcome. */
export function isOutcome(value: unknown): value is Outcome {
  return outcomeSchema.safeParse(value).success;
}
