import { dialectOf, openDatabase, type Database, type Dialect } from 'glue-core';
import { asChild } from '../support/as-child.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { makeTables } from '../support/stored-events.ts';

/** Fills the real tables with events that are done, of the first two endpoints, by INSERT … SELECT. */
export interface FillInput {
  readonly place: DatabasePlace;
  readonly events: number;
}

/** Rows of one statement. */
const CHUNK = 10_000;

/** A UUID that sorts before every new one, and a key without order, as providers' ids have none; `n` counts events. */
const sqlOf: Readonly<Record<Dialect, { id: string; key: string; body: string }>> = {
  sqlite: {
    id: "printf('01900000-0000-7000-8000-%012x', n)",
    key: "'evt_' || lower(hex(randomblob(12)))",
    body: 'randomblob(200)',
  },
  mysql: {
    id: "CONCAT('01900000-0000-7000-8000-', LPAD(LOWER(HEX(n)), 12, '0'))",
    key: "CONCAT('evt_', MD5(n))",
    body: "REPEAT('x', 200)",
  },
};

await asChild<FillInput>(async ({ place, events }) => {
  const config =
    place.config.client === 'sqlite' ? { ...place.config, durability: 'fast' as const } : place.config;
  const database = openDatabase(config);
  await makeTables(database, 256);
  await database.schema.createTable('bench_numbers', (table) => table.integer('i').primary());
  for (let from = 0; from < CHUNK; from += 500)
    await database('bench_numbers').insert(Array.from({ length: 500 }, (_, i) => ({ i: from + i })));
  for (let from = 0; from < events; from += CHUNK) await fillChunk(database, from);
  await database.schema.dropTable('bench_numbers');
  await database.destroy();
  return { answer: events };
});

/** In time: one event a second, all of them long ago. */
async function fillChunk(database: Database, from: number): Promise<void> {
  const { id, key, body } = sqlOf[dialectOf(database)];
  const n = `(SELECT i + ${from} AS n, 1700000000000 + (i + ${from}) * 1000 AS at FROM bench_numbers) AS numbers`;
  await database.transaction(async (trx) => {
    await trx.raw(`
      INSERT INTO glue_events (id, endpoint_id, state, phase, due_at, attempts, finished_at, kind, type, delivery_key,
        delivery_key_source, handler, received_at)
      SELECT ${id}, 1 + n % 2, 'done', NULL, at, 1, at + 5, 'primary', 'order.paid', ${key},
        'delivery_id', 'bench:nothing', at FROM ${n}`);
    await trx.raw(`
      INSERT INTO glue_event_payloads (event_id, headers, body, semantics)
      SELECT ${id}, '{}', ${body}, '{}' FROM ${n}`);
    await trx.raw(`
      INSERT INTO glue_event_attempts (item_id, number, started_at, ended_at, outcome)
      SELECT ${id}, 1, at, at + 5, 'done' FROM ${n}`);
  });
}
