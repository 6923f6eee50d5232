import type { Clock, Logger, Rate } from 'glue-core';
import { attemptDeadlineMs } from '../dispatch/attempt-deadline.js';
import type { OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import type { Breaker } from './breaker.js';
import {
  attemptLimit,
  beginAttempt,
  freeAtMs,
  healthRules,
  hearAttempt,
  WELL,
  type Condition,
  type HealthRules,
} from './condition.js';
import { slowerRate } from './release.js';
import type { HealthSignal } from './signal.js';

export interface EndpointHealthOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** What an endpoint is limited to beside its own limits, while deliveries that were held are released. */
  readonly releaseRate: (endpoint: OutboundEndpoint) => Rate | undefined;
  /** Called with all that is heard of an endpoint. */
  readonly heard: (endpointId: number, signal: HealthSignal) => void;
  /** Called when an endpoint that took nothing may have room again. */
  readonly free: (endpointId: number) => void;
}

/** To be called once, when it is known what an attempt tells of its endpoint. */
export type Hear = (signal: HealthSignal) => void;

interface Timer {
  readonly atMs: number;
  readonly cancel: () => void;
}

/**
 * How the receivers of all endpoints do, as far as this host has seen, and what follows for their deliveries: how many
 * may run now. Each host learns for itself.
 */
export class EndpointHealth {
  readonly #conditions = new Map<number, Condition>();
  readonly #rules = new WeakMap<OutboundEndpoint['config'], HealthRules>();
  readonly #timers = new Map<number, Timer>();

  constructor(private readonly options: EndpointHealthOptions) {}

  /** How many deliveries of an endpoint may run at once, where so many run now. */
  limit(endpoint: OutboundEndpoint, running: number): number {
    return attemptLimit(this.conditionOf(endpoint.id), this.#rulesOf(endpoint), running, this.#now());
  }

  /** An attempt begins. */
  begin(endpoint: OutboundEndpoint): Hear {
    const rules = this.#rulesOf(endpoint);
    const { condition, attempt } = beginAttempt(this.conditionOf(endpoint.id), rules, this.#now());
    this.#change(endpoint, condition);
    return (signal) => {
      this.options.heard(endpoint.id, signal);
      const before = this.conditionOf(endpoint.id);
      const after = hearAttempt(before, rules, attempt, signal, this.#now());
      this.#change(endpoint, after);
      this.#tell(endpoint, before.breaker, after.breaker);
    };
  }

  /** The limits of an endpoint may have changed: what waits for time waits by the new ones. */
  reconsider(endpoint: OutboundEndpoint): void {
    if (this.#timers.has(endpoint.id) && !this.#freeInTime(endpoint)) this.options.free(endpoint.id);
  }

  /** What this host knows of an endpoint. Times are of the clock that only goes forward. */
  conditionOf(endpointId: number): Condition {
    return this.#conditions.get(endpointId) ?? WELL;
  }

  stop(): void {
    for (const { cancel } of this.#timers.values()) cancel();
    this.#timers.clear();
  }

  #change(endpoint: OutboundEndpoint, condition: Condition): void {
    this.#conditions.set(endpoint.id, condition);
    this.#freeInTime(endpoint);
  }

  /**
   * Where only time keeps an endpoint from taking more, a timer tells when it has passed.
   * @returns whether there is something to wait for
   */
  #freeInTime(endpoint: OutboundEndpoint): boolean {
    const { id } = endpoint;
    const nowMs = this.#now();
    const atMs = freeAtMs(this.conditionOf(id), this.#rulesOf(endpoint), nowMs);
    const timer = this.#timers.get(id);
    if (timer?.atMs === atMs) return true;
    timer?.cancel();
    this.#timers.delete(id);
    if (atMs <= nowMs) return false;
    const cancel = this.options.clock.after(Math.ceil(atMs - nowMs), () => {
      this.#timers.delete(id);
      // A timer can come a little early.
      if (!this.#freeInTime(endpoint)) this.options.free(id);
    });
    this.#timers.set(id, { atMs, cancel });
    return true;
  }

  #tell({ code }: OutboundEndpoint, before: Breaker, after: Breaker): void {
    const { logger } = this.options;
    if (after.state === 'open' && before.state === 'closed')
      logger.warn({ endpoint: code, pauseMs: after.pauseMs }, 'circuit breaker opened: the receiver fails');
    if (after.state === 'closed' && before.state !== 'closed')
      logger.info({ endpoint: code }, 'circuit breaker closed: the receiver works');
  }

  #rulesOf(endpoint: OutboundEndpoint): HealthRules {
    const own = this.#ownRulesOf(endpoint);
    const release = this.options.releaseRate(endpoint);
    return release ? { ...own, rate: slowerRate(own.rate, release) } : own;
  }

  /** Once per configuration, not per delivery. */
  #ownRulesOf({ config }: OutboundEndpoint): HealthRules {
    const known = this.#rules.get(config);
    if (known) return known;
    const rules = healthRules(config, attemptDeadlineMs(config));
    this.#rules.set(config, rules);
    return rules;
  }

  #now(): number {
    return this.options.clock.monotonic();
  }
}
