import type { Database } from '../database/database.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import { blockWork } from './block-work.js';
import type { HostLease } from './host-lease.js';
import type { WorkTable } from './work-table.js';

export interface BlockedLanesOptions {
  readonly database: Database;
  readonly logger: Logger;
  readonly lease: HostLease;
  readonly source: { readonly name: string; readonly table: WorkTable };
}

/** Lanes in which work that waits behind other work of its ordering key is being blocked; they are not claimed from meanwhile. */
export class BlockedLanes {
  readonly #lanes = new Set<number>();

  constructor(private readonly options: BlockedLanesOptions) {}

  has(lane: number): boolean {
    return this.#lanes.has(lane);
  }

  /** Blocks what is due in a lane and waits behind others, while it is wanted. Never rejects. */
  async block(lane: number, isWanted: () => boolean): Promise<void> {
    const { database, logger, lease, source } = this.options;
    if (this.#lanes.has(lane)) return;
    this.#lanes.add(lane);
    try {
      while (isWanted() && (await blockWork(database, source.table, lane, lease.now())));
    } catch (error) {
      const fields = { queue: source.name, endpoint: lane, reason: messageOf(error) };
      logger.warn(fields, 'what waits behind others could not be blocked; claims are slower meanwhile');
    } finally {
      this.#lanes.delete(lane);
    }
  }
}
