import {
  inTransaction,
  messageOf,
  type Clock,
  type Database,
  type Logger,
  type Transaction,
} from 'glue-core';
import { failureAt, mergeRecords, successAt, UNHEARD, type HealthRecord } from '../health/record.js';
import type { HealthSignal } from '../health/signal.js';
import { HEALTH, type HealthRow } from './tables.js';

export interface HealthLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
}

/** What the database knows of the health of an endpoint. */
export interface StoredHealth extends HealthRecord {
  /** How many warnings there were since its failures began. */
  readonly warned: number;
}

/** Between two writes, in milliseconds; so much a host that is killed forgets. */
const PAUSE_MS = 5_000;
/** Rows per statement, far below every limit of parameters. */
const ROWS_PER_STATEMENT = 500;

/** Keeps what is heard of receivers: in memory, and every few seconds together with what other hosts have heard. */
export class HealthLog {
  #heard = new Map<number, HealthRecord>();
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: HealthLogOptions) {}

  /** An attempt told something of its endpoint. */
  hear(endpointId: number, signal: HealthSignal): void {
    const at = this.options.now();
    if (signal.kind === 'accepted') this.#add(endpointId, successAt(at));
    if (signal.kind === 'failed') this.#add(endpointId, failureAt(at, signal.exhausted));
  }

  /** Writes what was heard; what cannot be written is kept for the next time. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** By endpoint; one of which nothing was heard yet is absent. */
  async list(): Promise<ReadonlyMap<number, StoredHealth>> {
    const rows = await this.options.database<HealthRow>(HEALTH);
    return new Map(rows.map((row) => [row.endpoint_id, storedHealthOf(row)]));
  }

  /**
   * Notes that there was a warning.
   * @returns false where another host was first
   */
  async warn(endpointId: number, warning: number): Promise<boolean> {
    const changed = await inTransaction(this.options.database, (trx) =>
      trx<HealthRow>(HEALTH)
        .where({ endpoint_id: endpointId })
        .where('warned', '<', warning)
        .update({ warned: warning }),
    );
    return changed > 0;
  }

  /** Forgets the failures of an endpoint: somebody attends to it. */
  async forgive(endpointId: number): Promise<void> {
    this.#heard.delete(endpointId);
    await inTransaction(this.options.database, (trx) =>
      trx<HealthRow>(HEALTH)
        .where({ endpoint_id: endpointId })
        .update({ failed_at: null, failing_since: null, exhausted: 0, warned: 0 }),
    );
  }

  #add(endpointId: number, record: HealthRecord): void {
    this.#heard.set(endpointId, mergeRecords(this.#heard.get(endpointId) ?? UNHEARD, record));
    this.#cancelTimer ??= this.options.clock.after(PAUSE_MS, () => void this.flush());
  }

  async #write(): Promise<void> {
    const { database, logger } = this.options;
    // In order of the ids, so that two hosts do not wait for each other.
    const heard = [...this.#heard].sort(([a], [b]) => a - b);
    this.#heard = new Map();
    for (let first = 0; first < heard.length; first += ROWS_PER_STATEMENT) {
      const some = heard.slice(first, first + ROWS_PER_STATEMENT);
      try {
        await inTransaction(database, (trx) => mergeIntoRows(trx, some));
      } catch (error) {
        logger.debug({ reason: messageOf(error) }, 'the health of endpoints is not written yet');
        for (const [endpointId, record] of some) this.#add(endpointId, record);
      }
    }
  }
}

async function mergeIntoRows(
  trx: Transaction,
  heard: readonly (readonly [number, HealthRecord])[],
): Promise<void> {
  // There before they are locked: another host may be the first to hear of the same endpoint.
  const ids = heard.map(([endpoint_id]) => ({ endpoint_id }));
  await trx(HEALTH).insert(ids).onConflict('endpoint_id').ignore();
  const rows = await trx<HealthRow>(HEALTH)
    .whereIn(
      'endpoint_id',
      ids.map(({ endpoint_id }) => endpoint_id),
    )
    .orderBy('endpoint_id')
    .forUpdate();
  const known = new Map(rows.map((row) => [row.endpoint_id, storedHealthOf(row)]));
  const merged = heard.map(([id, record]) =>
    healthRowOf(id, known.get(id) ?? { ...UNHEARD, warned: 0 }, record),
  );
  await trx(HEALTH).insert(merged).onConflict('endpoint_id').merge();
}

function healthRowOf(endpointId: number, before: StoredHealth, heard: HealthRecord): HealthRow {
  const { succeededAt, failedAt, failingSince, exhausted } = mergeRecords(before, heard);
  const goesOn = failingSince !== undefined && failingSince <= (before.failingSince ?? -Infinity);
  return {
    endpoint_id: endpointId,
    succeeded_at: succeededAt ?? null,
    failed_at: failedAt ?? null,
    failing_since: failingSince ?? null,
    exhausted,
    warned: goesOn ? before.warned : 0,
  };
}

function storedHealthOf({
  succeeded_at,
  failed_at,
  failing_since,
  exhausted,
  warned,
}: HealthRow): StoredHealth {
  return {
    ...(succeeded_at !== null && { succeededAt: Number(succeeded_at) }),
    ...(failed_at !== null && { failedAt: Number(failed_at) }),
    ...(failing_since !== null && { failingSince: Number(failing_since) }),
    exhausted,
    warned,
  };
}
