import { dialectOf, type Database, type Dialect, type Transaction } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { inTransaction, runAgain } from '../database/in-transaction.js';
import type { ClaimedRow } from './claim-work.js';
import { HOSTS } from './host-table.js';
import { PHASE, type WorkTable } from './work-table.js';

/** From this many on an item is a suspect, and tried apart from what was lost with it, within this time. */
const SUSPECT_TAKEOVERS = 3;
const APART_MS = 8_000;
const randomDelay: Readonly<Record<Dialect, string>> = {
  sqlite: `ABS(RANDOM()) % ${APART_MS}`,
  mysql: `FLOOR(RAND() * ${APART_MS})`,
};
/** Items per transaction. */
const BATCH = 500;

/**
 * Gives claimed items back that were not started; their attempt number is free again.
 * `attempts` is set last: MySQL uses a value set further left, SQLite the old one.
 */
export async function releaseUnstarted(
  database: Database,
  { items, freshState }: WorkTable,
  rows: readonly ClaimedRow[],
): Promise<void> {
  const byToken = Map.groupBy(rows, ({ owner, token }) => `${owner},${token}`);
  await inTransaction(database, async (trx) => {
    for (const [first, ...others] of byToken.values()) {
      if (!first) continue;
      const ids = [first, ...others].map(({ id }) => id);
      await trx.raw(
        `UPDATE ${items}
         SET owner = NULL, token = NULL,
             phase = CASE WHEN attempts <= 1 THEN ${PHASE.first} ELSE ${PHASE.retry} END,
             state = CASE WHEN attempts <= 1 THEN ? ELSE 'retrying' END,
             attempts = attempts - 1
         WHERE id IN (${ids.map(() => '?').join(',')}) AND owner = ? AND token = ?`,
        [freshState, ...ids, first.owner, first.token],
      );
    }
  });
}

/**
 * Makes the work of hosts that are no more claimable again, at once and in front: what keeps its due time comes before
 * everything that waited behind it when it was claimed. What was lost with its host again and again waits a random
 * while, so that the innocent are done before the one among them that ends its hosts is claimed.
 * @returns the number of items released
 */
export async function releaseOrphans(database: Database, table: WorkTable, nowMs: number): Promise<number> {
  const dead = await deadOwners(database, table);
  if (dead.length === 0) return 0;
  let released = 0;
  for (let batch = BATCH; batch === BATCH; released += batch) {
    batch = await inTransaction(database, (trx) => releaseBatch(trx, table, dead, nowMs));
  }
  return released;
}

/** `takeovers` is set last: MySQL uses a value set further left, SQLite the old one. */
async function releaseBatch(
  trx: Transaction,
  { items }: WorkTable,
  dead: readonly number[],
  nowMs: number,
): Promise<number> {
  const dialect = dialectOf(trx);
  // What a host that hangs, or whose line is dead, still has locked is left for a later look: the server ends it.
  const found = trx(items).whereIn('owner', dead).limit(BATCH);
  const ids = await (dialect === 'sqlite' ? found : found.forUpdate().skipLocked()).pluck<string[]>('id');
  if (ids.length === 0) return 0;
  await trx.raw(
    `UPDATE ${items}
     SET owner = NULL, token = NULL, state = 'retrying', phase = ${PHASE.first},
         due_at = CASE WHEN takeovers >= ${SUSPECT_TAKEOVERS - 1} THEN ? + ${randomDelay[dialect]} ELSE due_at END,
         dated_at = CASE WHEN takeovers >= ${SUSPECT_TAKEOVERS - 1} THEN ? ELSE dated_at END,
         takeovers = takeovers + 1
     WHERE id IN (${ids.map(() => '?').join(',')})`,
    [nowMs, nowMs, ...ids],
  );
  return ids.length;
}

/**
 * Whose work is whose no more: owners without a row among the hosts. Whose lease has run out loses that row first, by a
 * statement that a renewal cannot overlap. Owners are read before hosts: whoever claims was a host before.
 */
async function deadOwners(database: Database, { items }: WorkTable): Promise<number[]> {
  const owners: unknown = await database.raw(
    `SELECT DISTINCT owner AS id FROM ${items} WHERE owner IS NOT NULL`,
  );
  const hosts: unknown = await database.raw(`SELECT incarnation AS id FROM ${HOSTS}`);
  const idsOf = (rows: unknown): number[] => rowsOf<{ id: number }>(rows).map(({ id }) => Number(id));
  const known = new Set(idsOf(hosts));
  return idsOf(owners).filter((owner) => !known.has(owner));
}

/** An item that carries a host's mark. */
export interface OwnedWork {
  readonly id: string;
  readonly endpointId: number;
  readonly token: number;
}

export async function ownedWork(
  database: Database,
  { items }: WorkTable,
  owner: number,
): Promise<OwnedWork[]> {
  const rows = await database<{ id: string; endpoint_id: number; token: number; owner: number }>(items)
    .where({ owner })
    .select('id', 'endpoint_id', 'token');
  return rows.map(({ id, endpoint_id, token }) => ({ id, endpointId: endpoint_id, token }));
}

/** Makes single items claimable again, in front, whose claim, or whose result, was lost on the way. */
export async function releaseStray(
  database: Database,
  { items }: WorkTable,
  owner: number,
  strays: readonly OwnedWork[],
): Promise<void> {
  for (const { id, token } of strays) {
    await runAgain(() =>
      database(items)
        .where({ id, owner, token })
        .update({ owner: null, token: null, state: 'retrying', phase: PHASE.first }),
    );
  }
}
