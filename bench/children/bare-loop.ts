import { dialectOf, openDatabase, type Database, type Transaction } from 'glue-core';
import { asChild, cpuMs } from '../support/as-child.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { ENDPOINT_ID, makeTables, storeEvents } from '../support/stored-events.ts';

/** What can be had at most: a loop that claims and settles 200 events at a time through knex, and does nothing else. */
export interface BareLoopInput {
  readonly place: DatabasePlace;
  readonly events: number;
  readonly workers: number;
  /** Also write a row per event into the attempt log. */
  readonly log: boolean;
}

const BATCH = 200;

await asChild<BareLoopInput>(async ({ place, events, workers, log }) => {
  const database = openDatabase(place.config);
  await makeTables(database, 1);
  await storeEvents(database, events);
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  const amounts = await Promise.all(
    Array.from({ length: workers }, (_, worker) => work(database, worker + 1, log)),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = (1_000 * (cpuMs() - cpuBefore)) / events;
  const all = amounts.reduce((sum, each) => sum + each, 0);
  if (all !== events) throw new Error(`${all} of ${events} events are done`);
  await database.destroy();
  return { answer: { perSecond: events / seconds, cpuMicros } };
});

async function work(database: Database, owner: number, log: boolean): Promise<number> {
  for (let all = 0; ;) {
    const ids = await claim(database, owner);
    if (ids.length === 0) return all;
    await settle(database, ids, owner, log);
    all += ids.length;
  }
}

function claim(database: Database, owner: number): Promise<string[]> {
  return database.transaction(async (trx) => {
    const due = trx('glue_events')
      .where({ endpoint_id: ENDPOINT_ID, phase: 0 })
      .where('due_at', '<=', Date.now())
      .orderBy(['due_at', 'id'])
      .limit(BATCH);
    if (dialectOf(database) === 'mysql') void due.forUpdate().skipLocked();
    const ids = await due.pluck<string[]>('id');
    if (ids.length > 0)
      await trx('glue_events')
        .whereIn('id', ids)
        .update({ state: 'processing', phase: null, owner, token: 1 });
    return ids;
  });
}

function settle(database: Database, ids: readonly string[], owner: number, log: boolean): Promise<void> {
  return database.transaction(async (trx) => {
    const now = Date.now();
    const changed = await trx('glue_events')
      .whereIn('id', ids)
      .where({ owner, token: 1 })
      .update({ state: 'done', owner: null, token: null, finished_at: now });
    if (changed !== ids.length) throw new Error(`${changed} of ${ids.length} were settled`);
    if (log) await writeLog(trx, ids, now);
  });
}

async function writeLog(trx: Transaction, ids: readonly string[], now: number): Promise<void> {
  await trx('glue_event_attempts').insert(
    ids.map((id) => ({ item_id: id, number: 1, started_at: now, ended_at: now, outcome: 'done' })),
  );
}
