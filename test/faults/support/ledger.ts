import type { Database } from 'glue-core';
import type { Receiver } from './receiver.js';
import { until } from './until.js';

interface EventRow {
  id: string;
  delivery_key: string;
  finished_at: number | null;
}
interface DeliveryRow {
  id: string;
  idempotency_key: string;
  finished_at: number | null;
}

/** What was under way at a fault. */
export interface InFlight {
  readonly atMs: number;
  readonly ids: readonly string[];
}

/** What became of what was accepted. */
export interface Ledger {
  readonly accepted: number;
  /** Accepted, and not in the database. */
  readonly lost: readonly string[];
  /** Stored, and never accepted by the receiver. */
  readonly undelivered: readonly string[];
  /** Rows that are not done, or that a host still owns or may claim. */
  readonly stuck: number;
  /** Deliveries that the receiver accepted more than once. */
  readonly repeated: number;
  /** Deliveries whose acceptance was recorded more than once: nothing explains these. */
  readonly recordedTwice: number;
  /** From a fault to the end of the last piece of work that was under way at it, in milliseconds; the worst of all. */
  readonly slowestRecoveryMs: number;
}

const TABLES = ['glue_events', 'glue_deliveries'] as const;

/** What hosts hold now. Asked right after a kill: what was under way. */
export async function inFlight(database: Database, atMs = Date.now()): Promise<InFlight> {
  const rows = await Promise.all(
    TABLES.map((table) => database<{ id: string }>(table).whereNotNull('owner').select('id')),
  );
  return { atMs, ids: rows.flat().map(({ id }) => id) };
}

/** Waits until all work is done, and balances the books; by hand, GLUE_TEST_FIGURES=1 prints them. */
export async function balance(
  database: Database,
  accepted: ReadonlySet<string>,
  receiver: Receiver,
  faults: readonly InFlight[] = [],
): Promise<Ledger> {
  const open = async (): Promise<number> => {
    const rows = await Promise.all(
      TABLES.map((table) => database(table).whereNot({ state: 'done' }).select('id')),
    );
    return rows.flat().length;
  };
  await until('all work is done', async () => (await open()) === 0, 60_000).catch(() => {});

  const events = await database<EventRow>('glue_events').select('id', 'delivery_key', 'finished_at');
  const deliveries = await database<DeliveryRow>('glue_deliveries').select(
    'id',
    'idempotency_key',
    'finished_at',
  );
  const held = await Promise.all(
    TABLES.map((table) => database(table).whereNotNull('owner').orWhereNotNull('phase').select('id')),
  );
  const twice = await database('glue_delivery_attempts')
    .where({ outcome: 'done' })
    .groupBy('item_id')
    .havingRaw('COUNT(*) > 1')
    .select('item_id');
  const stored = new Set(events.map(({ delivery_key }) => delivery_key));
  const finished = new Map(
    [...events, ...deliveries].map(({ id, finished_at }) => [id, Number(finished_at)]),
  );
  const ledger = {
    accepted: accepted.size,
    lost: [...accepted].filter((id) => !stored.has(id)),
    undelivered: [...stored].filter((id) => !receiver.accepted.has(id)),
    stuck: (await open()) + held.flat().length,
    repeated: [...receiver.accepted.values()].filter((times) => times > 1).length,
    recordedTwice: twice.length,
    slowestRecoveryMs: Math.max(
      0,
      ...faults.flatMap(({ atMs, ids }) => ids.map((id) => (finished.get(id) ?? Infinity) - atMs)),
    ),
  };
  if (process.env['GLUE_TEST_FIGURES']) process.stderr.write(`${JSON.stringify(ledger)}\n`);
  return ledger;
}
