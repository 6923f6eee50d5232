import type { Rate } from 'glue-core';

/** One round in which the deliveries that an endpoint had while it was held go out at a limited rate. */
export interface Release {
  /** What was due by then is its backlog. Unix milliseconds of the shared time. */
  readonly startedAt: number;
  /** 0: what was held. Each later one is for what came in during the one before. */
  readonly round: number;
  /** How many deliveries it began with. */
  readonly backlog: number;
}

/**
 * The rate of a round: twice that of the one before, so that what comes in meanwhile is caught up with at some time,
 * however fast it comes. Pure.
 */
export function releaseRate({ perSecond, burst }: Rate, round: number): Rate {
  const times = 2 ** round;
  return { perSecond: perSecond * times, burst: burst * times };
}

/** The slower of an endpoint's own rate, if it has one, and that of a release. Pure. */
export function slowerRate(own: Rate | undefined, release: Rate): Rate {
  return own && own.perSecond <= release.perSecond ? own : release;
}
