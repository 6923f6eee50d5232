import type { Database } from 'glue-core';
import type { HostProcess } from './host-process.js';
import type { Receiver } from './receiver.js';
import { until } from './until.js';

interface Row {
  id: string;
  /** The sender's id of the event, or the idempotency key of the delivery: they are the same. */
  key: string;
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
  /** Accepted, and not in the database under the id that was answered. */
  readonly lost: readonly string[];
  /** Stored, and never accepted by the receiver. */
  readonly undelivered: readonly string[];
  /** Rows that are not done, or that a host still owns or may claim. */
  readonly stuck: number;
  /** Deliveries that the receiver accepted more than once. */
  readonly repeated: number;
  /** Those of them that were not under way at a fault between two acceptances, with the times: nothing explains these. */
  readonly unexplained: readonly string[];
  /** Deliveries whose acceptance was recorded more than once: nothing explains these. */
  readonly recordedTwice: number;
  /** From a fault to the end of the last piece of work that was under way at it, in milliseconds; the worst of all. */
  readonly slowestRecoveryMs: number;
}

/** What a ledger says when all is well. */
export const WHOLE = { lost: [], undelivered: [], stuck: 0, unexplained: [], recordedTwice: 0 } as const;

const KEYS = { glue_events: 'delivery_key', glue_deliveries: 'idempotency_key' } as const;
const TABLES = ['glue_events', 'glue_deliveries'] as const;

/** What was sent before a host was killed can reach the receiver, or the database, this much after. */
const UNDER_WAY_MS = 1_000;

/**
 * What hosts hold now. Asked right after a kill: what was under way.
 * @param killed - only what this one held
 */
export async function inFlight(database: Database, killed?: HostProcess): Promise<InFlight> {
  const atMs = killed?.endedAtMs ?? Date.now();
  const rows = await Promise.all(
    TABLES.map((table) => {
      const held = database<{ id: string }>(table).whereNotNull('owner').select('id');
      if (!killed) return held;
      const incarnations = database('glue_hosts').where({ pid: killed.pid }).select('incarnation');
      return held.whereIn('owner', incarnations);
    }),
  );
  return { atMs, ids: rows.flat().map(({ id }) => id) };
}

/**
 * Waits until all work is done, and balances the books; by hand, GLUE_TEST_FIGURES=1 prints them.
 * @param accepted - what the sender was told is accepted; with the event's id where that is known
 */
export async function balance(
  database: Database,
  accepted: ReadonlySet<string> | ReadonlyMap<string, string>,
  receiver: Receiver,
  faults: readonly InFlight[] = [],
): Promise<Ledger> {
  await until('all work is done', async () => (await unfinished(database)) === 0, 60_000).catch(() => {});
  const [events, deliveries] = await Promise.all([
    rowsOf(database, 'glue_events'),
    rowsOf(database, 'glue_deliveries'),
  ]);
  const stored = new Map(events.map(({ key, id }) => [key, id]));
  const sent = new Map(deliveries.map(({ key, id }) => [key, id]));
  const repeated = [...receiver.acceptedAt].filter(([, times]) => times.length > 1);
  const ledger = {
    accepted: accepted.size,
    lost: [...accepted.keys()].filter((key) => {
      const id = accepted instanceof Map ? accepted.get(key) : stored.get(key);
      return id === undefined || stored.get(key) !== id;
    }),
    undelivered: [...stored.keys()].filter((key) => !receiver.accepted.has(key)),
    stuck: (await unfinished(database)) + (await held(database)),
    repeated: repeated.length,
    unexplained: repeated
      .filter(([key, times]) => !isExplained(sent.get(key) ?? '', times, faults))
      .map(([key, times]) => describeRepeat(key, sent.get(key) ?? '', times, faults)),
    recordedTwice: await recordedTwice(database),
    slowestRecoveryMs: slowestRecovery([...events, ...deliveries], faults),
  };
  if (process.env['GLUE_TEST_FIGURES']) process.stderr.write(`${JSON.stringify(ledger)}\n`);
  return ledger;
}

/** Whether between each two acceptances the delivery was under way at a fault, which kept the first from being recorded. */
function isExplained(id: string, times: readonly number[], faults: readonly InFlight[]): boolean {
  return times.slice(1).every((next, index) => {
    const first = times[index] ?? Infinity;
    return faults.some(({ atMs, ids }) => first <= atMs + UNDER_WAY_MS && atMs <= next && ids.includes(id));
  });
}

function describeRepeat(
  key: string,
  id: string,
  times: readonly number[],
  faults: readonly InFlight[],
): string {
  const seen = faults.map(({ atMs, ids }) => {
    const after = times.map((time) => time - atMs).join(', ');
    return `accepted ${after} ms after a fault at which it was ${ids.includes(id) ? '' : 'not '}under way`;
  });
  return `${key}: ${seen.join('; ') || `accepted ${times.length} times`}`;
}

/** What was under way at several faults counts from the last. */
function slowestRecovery(rows: readonly Row[], faults: readonly InFlight[]): number {
  const lastFault = new Map(faults.flatMap(({ atMs, ids }) => ids.map((id) => [id, atMs] as const)));
  const finished = new Map(rows.map(({ id, finished_at }) => [id, Number(finished_at ?? Infinity)]));
  return Math.max(0, ...[...lastFault].map(([id, atMs]) => (finished.get(id) ?? Infinity) - atMs));
}

function rowsOf(database: Database, table: (typeof TABLES)[number]): Promise<Row[]> {
  return database(table).select('id', 'finished_at', { key: KEYS[table] });
}

async function unfinished(database: Database): Promise<number> {
  const rows = await Promise.all(
    TABLES.map((table) => database(table).whereNot({ state: 'done' }).select('id')),
  );
  return rows.flat().length;
}

async function held(database: Database): Promise<number> {
  const rows = await Promise.all(
    TABLES.map((table) => database(table).whereNotNull('owner').orWhereNotNull('phase').select('id')),
  );
  return rows.flat().length;
}

async function recordedTwice(database: Database): Promise<number> {
  const rows = await database('glue_delivery_attempts')
    .where({ outcome: 'done' })
    .groupBy('item_id')
    .havingRaw('COUNT(*) > 1')
    .select('item_id');
  return rows.length;
}
