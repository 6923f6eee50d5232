/**
 * How fast an endpoint goes whose receiver asked for less: additive increase, multiplicative decrease, as TCP does
 * with its window (RFC 5681). Undefined where the endpoint's own limits hold. Times are of a clock that only goes
 * forward, in milliseconds.
 */
export interface Pace {
  /** Requests that may run at once; whole ones count. */
  readonly places: number;
  /** Nothing begins before this. */
  readonly pausedUntilMs: number;
  /** Length of the last pause of our own; 0 when something was accepted since. */
  readonly pauseMs: number;
  readonly slowedAtMs: number;
}

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

/** An answer that asks for less. */
export interface SlowDown {
  /** When its attempt began. */
  readonly beganAtMs: number;
  /** What the receiver asked for; 0 when it named no time. */
  readonly retryAfterMs: number;
}

/**
 * Half as many places, and a pause: what the receiver asked for, no less than 1 s, doubled up to 60 s as long as
 * nothing is accepted. Attempts that were under way together tell the same news: they halve once. Pure.
 */
export function slowedPace(
  pace: Pace | undefined,
  { beganAtMs, retryAfterMs }: SlowDown,
  concurrency: number,
  nowMs: number,
): Pace {
  const asked = nowMs + retryAfterMs;
  if (pace && beganAtMs <= pace.slowedAtMs)
    return { ...pace, pausedUntilMs: Math.max(pace.pausedUntilMs, asked) };
  const pauseMs = Math.min(Math.max(2 * (pace?.pauseMs ?? 0), FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
  return {
    places: Math.max(1, Math.floor(Math.min(pace?.places ?? concurrency, concurrency) / 2)),
    pausedUntilMs: Math.max(pace?.pausedUntilMs ?? 0, asked, nowMs + pauseMs),
    pauseMs,
    slowedAtMs: nowMs,
  };
}

/** One place more for as many accepted requests as there are places; at full concurrency it is over. Pure. */
export function quickenedPace(pace: Pace | undefined, concurrency: number): Pace | undefined {
  if (!pace) return undefined;
  const places = pace.places + 1 / Math.floor(pace.places);
  return places >= concurrency ? undefined : { ...pace, places, pauseMs: 0 };
}
