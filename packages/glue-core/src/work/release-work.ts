import { dialectOf, type Database, type Dialect } from '../database/database.js';
import { affectedOf, rowsOf } from '../database/database-time.js';
import { inTransaction, runAgain } from '../database/in-transaction.js';
import type { ClaimedRow } from './claim-work.js';
import { HOSTS } from './host-table.js';
import { PHASE, type WorkTable } from './work-table.js';

/** An item whose host was lost this often running, with no result between, is given up: most likely it ends them. */
const MAX_TAKEOVERS = 10;
/** From this many on it is a suspect, and tried apart from what was lost with it, within this time. */
const SUSPECT_TAKEOVERS = 3;
const APART_MS = 8_000;
const randomDelay: Readonly<Record<Dialect, string>> = {
  sqlite: `ABS(RANDOM()) % ${APART_MS}`,
  mysql: `FLOOR(RAND() * ${APART_MS})`,
};
const POISONED_NOTE = `given up: ${MAX_TAKEOVERS} hosts were lost while they worked on it`;

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
 * Makes the work of hosts whose lease has run out (or whose row is gone) claimable again, at once and in
 * front: what keeps its due time comes before everything that waited behind it when it was claimed. What was lost with
 * its host again and again waits a random while, so that the innocent are done before the one among them that ends its
 * hosts is claimed.
 * `takeovers` is set last: MySQL uses a value set further left, SQLite the old one.
 * @returns the number of items released
 */
export async function releaseOrphans(database: Database, table: WorkTable, nowMs: number): Promise<number> {
  const dead = await deadOwners(database, table, nowMs);
  if (dead.length === 0) return 0;
  const poisoned = `takeovers >= ${MAX_TAKEOVERS - 1}`;
  const answer = await inTransaction(database, async (trx): Promise<unknown> =>
    trx.raw(
      `UPDATE ${table.items}
       SET owner = NULL, token = NULL,
           due_at = CASE WHEN takeovers >= ${SUSPECT_TAKEOVERS - 1} THEN ? + ${randomDelay[dialectOf(trx)]} ELSE due_at END,
           state = CASE WHEN ${poisoned} THEN 'dead_letter' ELSE 'retrying' END,
           phase = CASE WHEN ${poisoned} THEN NULL ELSE ${PHASE.first} END,
           note = CASE WHEN ${poisoned} THEN ? ELSE note END,
           finished_at = CASE WHEN ${poisoned} THEN ? ELSE NULL END,
           open_key = CASE WHEN ${poisoned} THEN NULL ELSE open_key END,
           takeovers = takeovers + 1
       WHERE owner IN (${dead.map(() => '?').join(',')})`,
      [nowMs, POISONED_NOTE, nowMs, ...dead],
    ),
  );
  return affectedOf(answer);
}

/**
 * Owners first, then hosts: whoever claims was a host before. In one statement, which MySQL lets see hosts as they were
 * at its start and items as they are, a host that has just started would lose what it has just claimed.
 */
async function deadOwners(database: Database, { items }: WorkTable, nowMs: number): Promise<number[]> {
  const owners: unknown = await database.raw(
    `SELECT DISTINCT owner AS id FROM ${items} WHERE owner IS NOT NULL`,
  );
  const alive: unknown = await database.raw(`SELECT incarnation AS id FROM ${HOSTS} WHERE lease_until > ?`, [
    nowMs,
  ]);
  const idsOf = (rows: unknown): number[] => rowsOf<{ id: number }>(rows).map(({ id }) => Number(id));
  const living = new Set(idsOf(alive));
  return idsOf(owners).filter((owner) => !living.has(owner));
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
