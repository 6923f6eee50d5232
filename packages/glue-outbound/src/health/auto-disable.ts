import type { Database, Logger } from 'glue-core';
import type { OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import type { HealthLog, StoredHealth } from '../store/health-log.js';
import { readHolds } from '../store/holds.js';
import { judge } from './judgement.js';

export interface AutoDisableOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly log: HealthLog;
  readonly endpoints: () => readonly OutboundEndpoint[];
  /** Takes an endpoint out of service; never throws. */
  readonly disable: (endpoint: OutboundEndpoint, reason: string) => Promise<void>;
}

/**
 * Disables endpoints of which nothing but failures was heard for days, with warnings before. Any number of hosts may do
 * it at once: each warning is given by one of them.
 */
export class AutoDisable {
  constructor(private readonly options: AutoDisableOptions) {}

  /** @param signal - aborted when the host stops */
  async check(signal: AbortSignal): Promise<void> {
    const { database, log, endpoints } = this.options;
    await log.flush();
    const stored = await log.list();
    // One that was held, and works again, is forgiven by the host that begins its release: not yet.
    const holds = await readHolds(database);
    for (const endpoint of endpoints()) {
      if (signal.aborted) return;
      const health = stored.get(endpoint.id);
      const hold = holds.get(endpoint.id);
      if (!health || endpoint.state !== 'active' || (hold && !hold.release)) continue;
      await this.#checkOne(endpoint, health);
    }
  }

  async #checkOne(endpoint: OutboundEndpoint, health: StoredHealth): Promise<void> {
    const { logger, log, disable } = this.options;
    const { warning, disables } = judge(health, endpoint.config);
    if (disables) {
      await disable(endpoint, reasonOf(health));
      await log.forgive(endpoint.id);
    } else if (warning > health.warned && (await log.warn(endpoint.id, warning))) {
      const { failingSince = 0, exhausted } = health;
      const { after, exhausted: allowed } = endpoint.config.autoDisable;
      logger.warn(
        {
          ...{ endpoint: endpoint.code, onlyFailuresSince: timeText(failingSince), exhausted },
          disabledAt: timeText(failingSince + after * 1000),
          ...(exhausted < allowed && { butNotBefore: `${allowed} exhausted deliveries` }),
        },
        'an endpoint has only failures, and will be disabled',
      );
    }
  }
}

function reasonOf({ failingSince = 0, exhausted }: StoredHealth): string {
  return `only failures since ${timeText(failingSince)}, ${exhausted} deliveries given up`;
}

/** To the minute, in UTC. */
function timeText(at: number): string {
  return `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
