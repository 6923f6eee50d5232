import {
  countWaiting,
  dueBacklog,
  messageOf,
  type Clock,
  type Database,
  type Logger,
  type Rate,
} from 'glue-core';
import type { OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import { addHolds, moveHold, readHolds, type Hold } from '../store/holds.js';
import { DELIVERY_WORK } from '../store/tables.js';
import { releaseRate, type Release } from './release.js';

export interface ReleasesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Of all endpoints, also those that cannot be used. */
  readonly endpointIds: () => readonly number[];
  readonly find: (endpointId: number) => OutboundEndpoint | undefined;
  /** Whether deliveries of an endpoint wait until somebody makes it, or its backend, work. */
  readonly isHeld: (endpointId: number) => boolean;
  /** Called when an endpoint that was held works again: what it failed before is past. */
  readonly forgive: (endpointId: number) => Promise<void>;
  /** Called when the limit of an endpoint has changed. */
  readonly limited: (endpoint: OutboundEndpoint) => void;
}

/** How this host saw an endpoint last. */
type Seen =
  | { readonly state: 'held'; readonly sinceMs: number }
  | { readonly state: 'releasing'; readonly release: Release }
  | { readonly state: 'free' };

const FREE: Seen = { state: 'free' };
/** How often it is looked whether a round of a release is over, in milliseconds. */
const LOOK_MS = 5_000;

/**
 * Releases the deliveries that were held, once their endpoint works again: at a limited rate, on each host, until what
 * was due by then is gone. That an endpoint is held, or released, is noted in the database, so that it stays so for a
 * host that starts meanwhile. A host to which an endpoint worked all the time takes no part.
 */
export class Releases {
  readonly #seen = new Map<number, Seen>();
  #looking: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #stopped = false;

  constructor(private readonly options: ReleasesOptions) {}

  /**
   * Looks at all endpoints: notes those that are held, and begins the release of those that work again. Until then an
   * endpoint that was held stays so.
   */
  look(): Promise<void> {
    const look = this.#looking.then(() => this.#lookNow());
    this.#looking = look.catch(() => {});
    return look;
  }

  /** Whether an endpoint was held when this host looked last. */
  holds(endpointId: number): boolean {
    return this.#seen.get(endpointId)?.state === 'held';
  }

  /** What an endpoint is limited to; undefined where nothing is released. */
  rateOf({ id, config }: OutboundEndpoint): Rate | undefined {
    const seen = this.#seen.get(id);
    return seen?.state === 'releasing' ? releaseRate(config.release, seen.release.round) : undefined;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#looking;
  }

  async #lookNow(): Promise<void> {
    const { database, endpointIds, isHeld, now } = this.options;
    const holds = await readHolds(database);
    const newlyHeld: number[] = [];
    for (const id of endpointIds()) {
      if (isHeld(id)) {
        if (!this.holds(id)) this.#seen.set(id, { state: 'held', sinceMs: now() });
        if (!holds.has(id)) newlyHeld.push(id);
      } else await this.#works(id, holds.get(id));
    }
    if (newlyHeld.length > 0) await addHolds(database, newlyHeld, now());
    this.#lookAgain();
  }

  /** An endpoint works, as far as this host sees. */
  async #works(id: number, hold: Hold | undefined): Promise<void> {
    const seen = this.#seen.get(id);
    if (seen && seen.state !== 'held') return;
    if (!hold) this.#seen.set(id, FREE);
    else if (hold.release && (!seen || hold.release.startedAt >= seen.sinceMs))
      this.#seen.set(id, { state: 'releasing', release: hold.release });
    else if (!(await this.#begin(hold, 0)))
      await this.#works(id, (await readHolds(this.options.database)).get(id));
  }

  /**
   * Begins a round, or ends the release where no more waits than may go at once.
   * @returns false where another host was first
   */
  async #begin(hold: Hold, round: number): Promise<boolean> {
    const { database, logger, find, now, forgive } = this.options;
    const { endpointId: lane } = hold;
    const endpoint = find(lane);
    if (!endpoint) return true; // gone since; the next look tells
    const { perSecond, burst } = releaseRate(endpoint.config.release, round);
    // Another time than before, since it is by this that hosts tell one round from another.
    const startedAt = now() === hold.release?.startedAt ? now() + 1 : now();
    const due = { lane, dueByMs: startedAt };
    const isMuch = (await dueBacklog(database, DELIVERY_WORK, due, burst + 1)) > burst;
    const release = isMuch
      ? { startedAt, round, backlog: await countWaiting(database, DELIVERY_WORK, due) }
      : undefined;
    if (round === 0) await forgive(lane);
    if (!(await moveHold(database, hold, release))) return false;
    this.#seen.set(lane, release ? { state: 'releasing', release } : FREE);
    const about = { endpoint: endpoint.code, perSecond, backlog: release?.backlog };
    if (release) logger.info(about, 'deliveries that waited are released at a limited rate');
    else if (hold.release)
      logger.info({ endpoint: endpoint.code }, 'all deliveries that waited are released');
    return true;
  }

  #lookAgain(): void {
    const isReleasing = [...this.#seen.values()].some(({ state }) => state === 'releasing');
    if (this.#cancelTimer || this.#stopped || !isReleasing) return;
    this.#cancelTimer = this.options.clock.after(LOOK_MS, () => {
      this.#cancelTimer = undefined;
      this.#looking = this.#looking.then(() => this.#goOn()).finally(() => this.#lookAgain());
    });
  }

  /** Where a round is over, begins the next or ends the release. Never rejects. */
  async #goOn(): Promise<void> {
    const { database, logger, find, limited } = this.options;
    try {
      const holds = await readHolds(database);
      for (const [id, seen] of this.#seen) {
        if (seen.state !== 'releasing') continue;
        await this.#goOnWith(id, seen.release, holds.get(id));
        const endpoint = find(id);
        if (endpoint && this.#seen.get(id) !== seen) limited(endpoint);
      }
    } catch (error) {
      logger.debug({ reason: messageOf(error) }, 'how far releases are cannot be read yet');
    }
  }

  async #goOnWith(lane: number, { startedAt }: Release, hold: Hold | undefined): Promise<void> {
    const { database, now } = this.options;
    // It began in a time still to come: the database's clock was set back, and what comes in would count as waiting.
    const isAstray = startedAt > now() + LOOK_MS;
    // Another host ended it, or began the next round.
    if (!hold?.release) this.#seen.set(lane, FREE);
    else if (hold.release.startedAt !== startedAt)
      this.#seen.set(lane, { state: 'releasing', release: hold.release });
    else if (!isAstray && (await dueBacklog(database, DELIVERY_WORK, { lane, dueByMs: startedAt }, 1)) > 0)
      return;
    else if (!(await this.#begin(hold, hold.release.round + 1)))
      await this.#goOnWith(lane, hold.release, (await readHolds(database)).get(lane));
  }
}
