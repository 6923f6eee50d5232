import { z } from 'zod';

const MOST = 100_000;
/** Far below any clock's resolution: the sum of many intervals is not exact. */
const SLACK = 1e-6;

/** A limit of so many per second on average, of which `burst` may come at once. */
export const rateSchema = z
  .strictObject({
    perSecond: z.number().positive().max(MOST),
    burst: z
      .number()
      .int()
      .min(1)
      .max(MOST)
      .optional()
      .describe('How many may come at once; what one second brings, when this is left out.'),
  })
  .transform(({ perSecond, burst }) => ({ perSecond, burst: burst ?? Math.max(1, Math.ceil(perSecond)) }));
export type Rate = z.output<typeof rateSchema>;

/** What is known of a bucket: from when on it is full again, by a clock that only goes forward, in milliseconds. */
export type FullAtMs = number;
export const FULL_BUCKET: FullAtMs = -Infinity;

/** What came of taking a token: the bucket afterwards, and how long to wait for one, in milliseconds; 0 when it was taken. */
export interface Taken {
  readonly fullAtMs: FullAtMs;
  readonly waitMs: number;
}

/** Whole tokens that are in a bucket now. Pure. */
export function tokensIn({ perSecond, burst }: Rate, fullAtMs: FullAtMs, nowMs: number): number {
  const missing = (Math.max(0, fullAtMs - nowMs - SLACK) * perSecond) / 1000;
  return Math.max(0, Math.floor(burst - missing + 1e-9));
}

/**
 * Takes one token of a bucket that holds `burst` and gains `perSecond`. A pure function of time, kept as one number
 * (the generic cell rate algorithm of ITU-T I.371, which is the same as a token bucket).
 */
export function takeToken({ perSecond, burst }: Rate, fullAtMs: FullAtMs, nowMs: number): Taken {
  const intervalMs = 1000 / perSecond;
  const waitMs = fullAtMs - nowMs - (burst - 1) * intervalMs;
  if (waitMs > SLACK) return { fullAtMs, waitMs };
  return { fullAtMs: Math.max(fullAtMs, nowMs) + intervalMs, waitMs: 0 };
}
