import type { Clock } from '../clock/clock.js';
import type { Database, Transaction } from '../database/database.js';
import { createTable, keyColumn } from '../database/columns.js';
import type { Migration } from '../database/migration.js';
import { messageOf } from '../errors/glue-error.js';
import type { Logger } from '../log/logger.js';
import type { InjectionToken } from '../di.js';

const CHANGES = 'glue_changes';
const RECORDS = ['backends', 'inbound', 'outbound'] as const;
/** What hosts keep in memory and re-read when it changes; `work`: an operator moved some, or a process that does none stored some. */
export type ChangeTopic = (typeof RECORDS)[number] | 'work';

export const CHANGE_FEED: InjectionToken<ChangeFeed> = Symbol('glue:change-feed');

export const createChanges: Migration = {
  name: 'core-004-changes',
  up: async (trx) => {
    await createTable(trx, CHANGES, (table) => {
      keyColumn(table, 'topic', 32).primary();
      table.bigInteger('value').notNullable();
    });
    await addTopics(trx, RECORDS);
  },
};

export const addWorkTopic: Migration = {
  name: 'core-005-work-topic',
  up: (trx) => addTopics(trx, ['work']),
};

async function addTopics(trx: Transaction, topics: readonly ChangeTopic[]): Promise<void> {
  await trx(CHANGES)
    .insert(topics.map((topic) => ({ topic, value: 0 })))
    .onConflict('topic')
    .ignore();
}

/** Marks a topic as changed, in the transaction that changes it: every host sees it within a second of the commit. */
export async function announceChange(trx: Transaction, topic: ChangeTopic): Promise<void> {
  await trx(CHANGES).where({ topic }).increment('value', 1);
}

/** Tells this process when records that it keeps in memory were changed by any host. */
export class ChangeFeed {
  readonly #seen = new Map<string, number>();
  readonly #listeners = new Map<ChangeTopic, (() => Promise<void>)[]>();
  #cancelTimer: (() => void) | undefined;
  #stopped = true;
  #looking: Promise<void> = Promise.resolve();

  /** @param everyMs - how often the database is asked. @defaultValue 500 */
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly logger: Logger,
    private readonly everyMs = 500,
  ) {}

  onChange(topic: ChangeTopic, listener: () => Promise<void>): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener]);
  }

  /** Calls every listener once, then again after each change. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.look();
    this.#schedule();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelTimer?.();
    await this.#looking;
  }

  /**
   * Looks at once; whoever changed something itself need not wait for the timer. One look at a time, so that what
   * an earlier one read never replaces what a later one did.
   * @throws what a listener threw, after the others were called; the next look calls it again
   */
  look(): Promise<void> {
    const look = this.#looking.then(() => this.#lookNow());
    this.#looking = look.catch(() => {});
    return look;
  }

  async #lookNow(): Promise<void> {
    const rows = await this.database<{ topic: ChangeTopic; value: number }>(CHANGES).select('topic', 'value');
    const changed = rows.filter(({ topic, value }) => this.#seen.get(topic) !== Number(value));
    const errors: unknown[] = [];
    for (const { topic, value } of changed) {
      try {
        for (const listener of this.#listeners.get(topic) ?? []) await listener();
        this.#seen.set(topic, Number(value));
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 1) throw new AggregateError(errors, errors.map(messageOf).join('; '));
    if (errors.length === 1) throw errors[0];
  }

  #schedule(): void {
    if (this.#stopped) return;
    this.#cancelTimer = this.clock.after(this.everyMs, () => {
      void this.look()
        .catch((error: unknown) =>
          this.logger.warn({ reason: messageOf(error) }, 'what changed could not be read again'),
        )
        .finally(() => this.#schedule());
    });
  }
}
