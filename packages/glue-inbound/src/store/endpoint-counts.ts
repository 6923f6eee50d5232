import {
  inTransaction,
  messageOf,
  type Clock,
  type Database,
  type Logger,
  type Transaction,
} from 'glue-core';
import { COUNTS } from './tables.js';

/** How many requests of an endpoint were answered how, by all hosts, since its first one. */
export interface EndpointCount {
  /** Duplicates and replays among them. */
  readonly accepted: number;
  /** Also those that are not kept one by one. */
  readonly rejected: number;
}

export interface EndpointCountsOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface CountRow {
  endpoint_id: number;
  accepted: number;
  rejected: number;
}

/** Between two writes, in milliseconds; so much a host that is killed forgets. */
const PAUSE_MS = 1_000;

/** Counts requests in memory and adds them to the database now and then, one statement per endpoint. */
export class EndpointCounts {
  #counted = new Map<number, { accepted: number; rejected: number }>();
  #cancelTimer: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(private readonly options: EndpointCountsOptions) {}

  add(endpointId: number, outcome: keyof EndpointCount, times = 1): void {
    const count = this.#counted.get(endpointId) ?? { accepted: 0, rejected: 0 };
    count[outcome] += times;
    this.#counted.set(endpointId, count);
    this.#cancelTimer ??= this.options.clock.after(PAUSE_MS, () => void this.flush());
  }

  /** Writes what was counted; what cannot be written is counted on. */
  flush(): Promise<void> {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  /** By endpoint id; one without a request yet is absent. */
  async list(): Promise<ReadonlyMap<number, EndpointCount>> {
    const rows = await this.options.database<CountRow>(COUNTS);
    return new Map(
      rows.map(({ endpoint_id, accepted, rejected }) => [
        endpoint_id,
        { accepted: Number(accepted), rejected: Number(rejected) },
      ]),
    );
  }

  async #write(): Promise<void> {
    const counted = this.#counted;
    if (counted.size === 0) return;
    this.#counted = new Map();
    // In order of the ids, so that two hosts do not wait for each other.
    const counts = [...counted].sort(([a], [b]) => a - b);
    try {
      await inTransaction(this.options.database, async (trx) => {
        for (const [endpointId, count] of counts) await addToRow(trx, endpointId, count);
      });
    } catch (error) {
      this.options.logger.debug({ reason: messageOf(error) }, 'counts of endpoints are not written yet');
      for (const [endpointId, { accepted, rejected }] of counts) {
        this.add(endpointId, 'accepted', accepted);
        this.add(endpointId, 'rejected', rejected);
      }
    }
  }
}

async function addToRow(
  trx: Transaction,
  endpointId: number,
  { accepted, rejected }: EndpointCount,
): Promise<void> {
  await trx<CountRow>(COUNTS)
    .insert({ endpoint_id: endpointId, accepted, rejected })
    .onConflict('endpoint_id')
    .merge({
      accepted: trx.raw('?? + ?', [`${COUNTS}.accepted`, accepted]),
      rejected: trx.raw('?? + ?', [`${COUNTS}.rejected`, rejected]),
    });
}
