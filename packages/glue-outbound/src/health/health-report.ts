import { countWaiting, type Database, type EndpointView } from 'glue-core';
import type { OutboundEndpointConfig } from '../endpoint/endpoint-config.js';
import type { HealthLog, StoredHealth } from '../store/health-log.js';
import { readHolds, type Hold } from '../store/holds.js';
import { DELIVERY_WORK } from '../store/tables.js';
import { releaseRate } from './release.js';

/** What the database knows of the health of an outbound endpoint; what a host has in memory beside it is not told. */
export interface EndpointHealthReport extends Partial<StoredHealth> {
  /** While there are only failures, and where it may be disabled for that. */
  readonly disabled?: {
    /** When, unless a delivery is accepted. Unix milliseconds. */
    readonly notBefore: number;
    /** How many deliveries must be exhausted by then. */
    readonly exhausted: number;
  };
  /** While its deliveries are held. */
  readonly held?: {
    /** When a host saw it first; absent until one has. Unix milliseconds. */
    readonly since?: number;
    readonly deliveries: number;
  };
  /** While deliveries that were held go out at a limited rate. */
  readonly release?: {
    readonly startedAt: number;
    /** On each host; absent while the endpoint's configuration is not valid. */
    readonly perSecond?: number;
    /** 0: what was held; each later one is for what came in during the one before. */
    readonly round: number;
    /** How many of this round have begun, */
    readonly released: number;
    /** of how many. */
    readonly backlog: number;
  };
}

export interface HealthReportsOptions {
  readonly database: Database;
  readonly log: HealthLog;
  /** Whether deliveries of an endpoint wait until somebody makes it, or its backend, work. */
  readonly isHeld: (endpointId: number) => boolean;
}

type Endpoint = Pick<EndpointView<OutboundEndpointConfig>, 'id' | 'config'>;
type Waiting = Pick<EndpointHealthReport, 'held' | 'release'>;

const ANY_TIME = Number.MAX_SAFE_INTEGER;

/** Tells people how receivers do. */
export class HealthReports {
  constructor(private readonly options: HealthReportsOptions) {}

  /** By id of the endpoint. Counts what waits where deliveries are held or released. */
  async of(endpoints: readonly Endpoint[]): Promise<ReadonlyMap<number, EndpointHealthReport>> {
    const { database, log } = this.options;
    const [stored, holds] = [await log.list(), await readHolds(database)];
    const reports = new Map<number, EndpointHealthReport>();
    for (const endpoint of endpoints) {
      const { id, config } = endpoint;
      const waiting = await this.#waiting(endpoint, holds.get(id));
      reports.set(id, { ...stored.get(id), ...disabling(stored.get(id), config), ...waiting });
    }
    return reports;
  }

  async #waiting({ id: lane, config }: Endpoint, hold: Hold | undefined): Promise<Waiting> {
    const { database, isHeld } = this.options;
    const count = (dueByMs: number) => countWaiting(database, DELIVERY_WORK, { lane, dueByMs });
    if (isHeld(lane))
      return { held: { ...(hold && { since: hold.heldAt }), deliveries: await count(ANY_TIME) } };
    if (!hold?.release) return {};
    const { startedAt, round, backlog } = hold.release;
    const released = Math.max(0, backlog - (await count(startedAt)));
    const { perSecond } = config ? releaseRate(config.release, round) : {};
    return {
      release: { startedAt, ...(perSecond !== undefined && { perSecond }), round, released, backlog },
    };
  }
}

function disabling(
  health: StoredHealth | undefined,
  config: OutboundEndpointConfig | undefined,
): Pick<EndpointHealthReport, 'disabled'> {
  if (health?.failingSince === undefined || !config || config.autoDisable.after === 0) return {};
  const { after, exhausted } = config.autoDisable;
  return { disabled: { notBefore: health.failingSince + after * 1000, exhausted } };
}
