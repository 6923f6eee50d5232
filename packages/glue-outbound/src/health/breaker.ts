/**
 * A circuit breaker. `closed`: everything goes. `open`: nothing goes until a probe may. `half_open`: one probe is under
 * way, and given up at `untilMs` should nobody hear of it. Times are of a clock that only goes forward, in milliseconds.
 */
export type Breaker =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open' | 'half_open'; readonly untilMs: number; readonly pauseMs: number };

export interface BreakerPolicy {
  /** Failures in a row that open it; 0: it never opens. */
  readonly failures: number;
  readonly pauseMs: number;
  readonly longestPauseMs: number;
  /** After this a probe that nobody heard of is given up. */
  readonly probeMs: number;
}

/** What is told to a breaker. Of a `probe` it also counts what does not count of other attempts. */
export type BreakerSignal =
  'began' | 'succeeded' | 'failed' | 'undecided' | 'probe_failed' | 'probe_undecided';

export const CLOSED: Breaker = { state: 'closed', failures: 0 };

/** A breaker whose next attempt is a probe. */
export const openUntil = (untilMs: number, { pauseMs }: BreakerPolicy): Breaker => ({
  state: 'open',
  untilMs,
  pauseMs,
});

/** How many attempts may begin now: all, one probe, or none. Pure. */
export function attemptsAllowed(breaker: Breaker, nowMs: number): number {
  if (breaker.state === 'closed') return Infinity;
  return nowMs >= breaker.untilMs ? 1 : 0;
}

/** The breaker after a signal. Pure. */
export function nextBreaker(
  breaker: Breaker,
  signal: BreakerSignal,
  nowMs: number,
  policy: BreakerPolicy,
): Breaker {
  if (signal === 'succeeded' || policy.failures === 0) return CLOSED;
  switch (breaker.state) {
    case 'closed':
      return signal === 'failed' || signal === 'probe_failed'
        ? failedOnceMore(breaker.failures, nowMs, policy)
        : breaker;
    case 'open':
      // One that was claimed before it opened is no probe.
      return signal === 'began' && nowMs >= breaker.untilMs
        ? { ...breaker, state: 'half_open', untilMs: nowMs + policy.probeMs }
        : breaker;
    case 'half_open':
      return afterProbe(breaker, signal, nowMs, policy);
  }
}

function failedOnceMore(before: number, nowMs: number, policy: BreakerPolicy): Breaker {
  const failures = before + 1;
  return failures >= policy.failures
    ? openUntil(nowMs + policy.pauseMs, policy)
    : { state: 'closed', failures };
}

function afterProbe(
  breaker: Exclude<Breaker, { state: 'closed' }>,
  signal: Exclude<BreakerSignal, 'succeeded'>,
  nowMs: number,
  policy: BreakerPolicy,
): Breaker {
  switch (signal) {
    case 'began':
      return nowMs >= breaker.untilMs ? { ...breaker, untilMs: nowMs + policy.probeMs } : breaker;
    case 'probe_failed': {
      const pauseMs = Math.min(breaker.pauseMs * 2, Math.max(policy.pauseMs, policy.longestPauseMs));
      return { state: 'open', untilMs: nowMs + pauseMs, pauseMs };
    }
    // It said nothing of the receiver: another may try at once.
    case 'probe_undecided':
      return { ...breaker, state: 'open', untilMs: nowMs };
    // Of an attempt that began before it opened: that is known.
    case 'failed':
    case 'undecided':
      return breaker;
  }
}
