import { dialectOf, type Database, type Dialect } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { PHASE, type WorkTable } from './work-table.js';

/** A lane with waiting work, and when its first item falls due. */
export interface WaitingLane {
  readonly lane: number;
  /** Infinity while all its work is blocked. */
  readonly dueAt: number;
  /** Some of its work waits behind other work of its ordering key. */
  readonly hasBlocked: boolean;
}

interface Row {
  lane: number;
  first_at: number | null;
  retry_at: number | null;
  blocked_at: number | null;
}

/**
 * All lanes with waiting work, each with the time its first item falls due. Looks once into each lane, however many
 * items it has: a backlog of millions costs no more than an empty one.
 */
export async function waitingLanes(database: Database, { items }: WorkTable): Promise<WaitingLane[]> {
  const answer: unknown = await database.raw(waitingLanesSql(items, dialectOf(database)));
  return rowsOf<Row>(answer)
    .map(({ lane, first_at, retry_at, blocked_at }) => ({
      lane,
      dueAt: earliest(first_at, retry_at),
      hasBlocked: blocked_at !== null,
    }))
    .filter(({ dueAt, hasBlocked }) => dueAt !== Infinity || hasBlocked);
}

/** For the tests that have it explained. */
export function waitingLanesSql(items: string, dialect: Dialect): string {
  // Not MIN(due_at): MariaDB would read every waiting item of the lane for it.
  const dueOf = (phase: number) =>
    `(SELECT due_at FROM ${items} WHERE endpoint_id = lane AND phase = ${phase} ORDER BY due_at LIMIT 1)`;
  return `${lanesSql[dialect](items)} SELECT lane, ${dueOf(0)} AS first_at, ${dueOf(1)} AS retry_at, ${dueOf(2)} AS blocked_at FROM lanes WHERE lane IS NOT NULL`;
}

/** Lanes of which some work is held. One quick look into each lane. */
export async function heldLanes(database: Database, { items }: WorkTable): Promise<number[]> {
  const answer: unknown = await database.raw(heldLanesSql(items, dialectOf(database)));
  const rows = rowsOf<{ lane: number; held_id: string | null }>(answer);
  return rows.flatMap(({ lane, held_id }) => (held_id === null ? [] : [lane]));
}

/** For the tests that have it explained. */
export function heldLanesSql(items: string, dialect: Dialect): string {
  // Not EXISTS: MariaDB would look for all held work in the whole index first.
  const held = `(SELECT id FROM ${items} WHERE endpoint_id = lane AND phase = ${PHASE.held} ORDER BY due_at LIMIT 1)`;
  return `${lanesSql[dialect](items)} SELECT lane, ${held} AS held_id FROM lanes WHERE lane IS NOT NULL`;
}

/** The table `lanes`: how to jump from lane to lane in the claim index. MySQL does it for DISTINCT by itself ("loose index scan"). */
export const lanesSql: Readonly<Record<Dialect, (items: string) => string>> = {
  mysql: (items) => `WITH lanes AS (SELECT DISTINCT endpoint_id AS lane FROM ${items})`,
  sqlite: (items) => `WITH RECURSIVE lanes (lane) AS (
    SELECT MIN(endpoint_id) FROM ${items} WHERE phase IS NOT NULL
    UNION ALL
    SELECT (SELECT MIN(endpoint_id) FROM ${items} WHERE phase IS NOT NULL AND endpoint_id > lane)
    FROM lanes WHERE lane IS NOT NULL)`,
};

function earliest(...times: readonly (number | null)[]): number {
  return Math.min(...times.map((time) => (time === null ? Infinity : Number(time))));
}
