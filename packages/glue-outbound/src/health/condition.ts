import { FULL_BUCKET, takeToken, tokensIn, type FullAtMs, type Rate } from 'glue-core';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import {
  attemptsAllowed,
  CLOSED,
  nextBreaker,
  type Breaker,
  type BreakerPolicy,
  type BreakerSignal,
} from './breaker.js';
import { quickenedPace, slowedPace, type Pace } from './pace.js';
import type { HealthSignal } from './signal.js';

/** What one host knows of an endpoint. A value; times are of a clock that only goes forward, in milliseconds. */
export interface Condition {
  readonly bucket: FullAtMs;
  /** For the receiver's failures. */
  readonly breaker: Breaker;
  /** For faults of our own: a loop of them helps nobody. */
  readonly ownBreaker: Breaker;
  readonly pace?: Pace | undefined;
}

/** What an endpoint's configuration says of it. */
export interface HealthRules {
  readonly concurrency: number;
  readonly rate?: Rate | undefined;
  readonly breaker: BreakerPolicy;
  readonly ownBreaker: BreakerPolicy;
}

export const WELL: Condition = { bucket: FULL_BUCKET, breaker: CLOSED, ownBreaker: CLOSED };

/** Of our own faults: fewer, since nothing is learnt of the receiver by more; and soon again. */
const OWN_FAULTS = { failures: 5, pauseMs: 5_000, longestPauseMs: 300_000 } as const;

/** @param probeMs - how long an attempt can take */
export function healthRules(
  { concurrency, rate, breaker }: Pick<OutboundEndpointConfig, 'concurrency' | 'rate' | 'breaker'>,
  probeMs: number,
): HealthRules {
  return {
    concurrency,
    rate,
    breaker: {
      failures: breaker.failures,
      pauseMs: breaker.pause * 1000,
      longestPauseMs: breaker.longestPause * 1000,
      probeMs,
    },
    ownBreaker: { ...OWN_FAULTS, probeMs },
  };
}

/** How many attempts may run at once, where so many run now. Pure. */
export function attemptLimit(
  condition: Condition,
  { concurrency, rate }: HealthRules,
  running: number,
  nowMs: number,
): number {
  const { pace, breaker, ownBreaker, bucket } = condition;
  if (pace && nowMs < pace.pausedUntilMs) return 0;
  const more = Math.min(
    attemptsAllowed(breaker, nowMs),
    attemptsAllowed(ownBreaker, nowMs),
    rate ? tokensIn(rate, bucket, nowMs) : Infinity,
  );
  return Math.min(concurrency, Math.floor(pace?.places ?? Infinity), running + more);
}

/** From when on an attempt may begin, as far as time alone decides; in the past when one may now. Pure. */
export function freeAtMs(
  { pace, breaker, ownBreaker, bucket }: Condition,
  { rate }: HealthRules,
  nowMs: number,
) {
  return Math.max(
    pace?.pausedUntilMs ?? -Infinity,
    breaker.state === 'closed' ? -Infinity : breaker.untilMs,
    ownBreaker.state === 'closed' ? -Infinity : ownBreaker.untilMs,
    rate ? nowMs + takeToken(rate, bucket, nowMs).waitMs : -Infinity,
  );
}

/** An attempt as its endpoint's condition knows it. */
export interface BegunAttempt {
  readonly beganAtMs: number;
  readonly probes: { readonly breaker: boolean; readonly ownBreaker: boolean };
}

/** The condition when an attempt begins: it takes a token, and is the probe of whichever breaker is open. Pure. */
export function beginAttempt(
  condition: Condition,
  rules: HealthRules,
  nowMs: number,
): { condition: Condition; attempt: BegunAttempt } {
  const breaker = nextBreaker(condition.breaker, 'began', nowMs, rules.breaker);
  const ownBreaker = nextBreaker(condition.ownBreaker, 'began', nowMs, rules.ownBreaker);
  const { fullAtMs: bucket } = rules.rate
    ? takeToken(rules.rate, condition.bucket, nowMs)
    : { fullAtMs: FULL_BUCKET };
  return {
    condition: { ...condition, bucket, breaker, ownBreaker },
    attempt: {
      beganAtMs: nowMs,
      probes: {
        breaker: breaker !== condition.breaker && breaker.state === 'half_open',
        ownBreaker: ownBreaker !== condition.ownBreaker && ownBreaker.state === 'half_open',
      },
    },
  };
}

/** The condition after an attempt was heard of. Pure. */
export function hearAttempt(
  condition: Condition,
  rules: HealthRules,
  { beganAtMs, probes }: BegunAttempt,
  signal: HealthSignal,
  nowMs: number,
): Condition {
  const { receivers, ours } = breakerSignals[signal.kind];
  return {
    bucket: condition.bucket,
    breaker: nextBreaker(condition.breaker, told(receivers, probes.breaker), nowMs, rules.breaker),
    ownBreaker: nextBreaker(condition.ownBreaker, told(ours, probes.ownBreaker), nowMs, rules.ownBreaker),
    pace: nextPace(condition.pace, rules, beganAtMs, signal, nowMs),
  };
}

type Heard = 'succeeded' | 'failed' | 'undecided';

/** What a signal means for the breaker of the receiver's failures, and for that of our own faults. */
const breakerSignals: Readonly<Record<HealthSignal['kind'], { receivers: Heard; ours: Heard }>> = {
  accepted: { receivers: 'succeeded', ours: 'succeeded' },
  failed: { receivers: 'failed', ours: 'succeeded' },
  ours: { receivers: 'undecided', ours: 'failed' },
  undecided: { receivers: 'undecided', ours: 'undecided' },
};

function told(heard: Heard, isProbe: boolean): BreakerSignal {
  return heard === 'succeeded' || !isProbe ? heard : `probe_${heard}`;
}

function nextPace(
  pace: Pace | undefined,
  { concurrency }: HealthRules,
  beganAtMs: number,
  signal: HealthSignal,
  nowMs: number,
): Pace | undefined {
  if (signal.kind === 'accepted') return quickenedPace(pace, concurrency);
  if (signal.kind !== 'failed' || signal.slowDownMs === undefined) return pace;
  return slowedPace(pace, { beganAtMs, retryAfterMs: signal.slowDownMs }, concurrency, nowMs);
}
