import { FULL_BUCKET, takeToken, type FullAtMs } from 'glue-core';
import type { Limits } from '../endpoint/limits.js';
import { Refusal } from './refusal.js';

/** Whose turn it is, of one endpoint on this host. */
interface Turnstile {
  fullAtMs: FullAtMs;
  underWay: number;
}

/** To be called when the request is answered. */
export type Leave = () => void;

const nothingToLeave: Leave = () => {};
/** When to come again where the requests under way decide: nobody knows, but they are short. */
const BUSY_RETRY_MS = 1_000;

/** Holds requests against the limits of their endpoint: requests at once, and requests per second. */
export class Admission {
  readonly #turnstiles = new Map<number, Turnstile>();

  /** @param monotonic - milliseconds of a clock that only goes forward */
  constructor(private readonly monotonic: () => number) {}

  /** A request that is refused takes no part in the count. */
  enter(endpointId: number, { rate, concurrency }: Pick<Limits, 'rate' | 'concurrency'>): Leave | Refusal {
    if (!rate && concurrency === undefined) return nothingToLeave;
    const turnstile = this.#turnstileOf(endpointId);
    if (concurrency !== undefined && turnstile.underWay >= concurrency)
      return new Refusal('rate', `${concurrency} requests are under way already`, BUSY_RETRY_MS);
    if (rate) {
      const { fullAtMs, waitMs } = takeToken(rate, turnstile.fullAtMs, this.monotonic());
      turnstile.fullAtMs = fullAtMs;
      if (waitMs > 0) return new Refusal('rate', `more than ${rate.perSecond} requests per second`, waitMs);
    }
    turnstile.underWay += 1;
    return () => void (turnstile.underWay -= 1);
  }

  #turnstileOf(endpointId: number): Turnstile {
    const known = this.#turnstiles.get(endpointId);
    if (known) return known;
    const turnstile = { fullAtMs: FULL_BUCKET, underWay: 0 };
    this.#turnstiles.set(endpointId, turnstile);
    return turnstile;
  }
}
