import { inTransaction, type Database } from 'glue-core';
import type { Release } from '../health/release.js';
import { HOLDS, type HoldRow } from './tables.js';

/** That the deliveries of an endpoint are held, or were and are being released. The row is gone when that is over. */
export interface Hold {
  readonly endpointId: number;
  /** Unix milliseconds of the shared time. */
  readonly heldAt: number;
  /** Absent until a host sees the endpoint work again. */
  readonly release?: Release;
}

/** Rows per statement, far below every limit of parameters. */
const ROWS_PER_STATEMENT = 500;

/** By endpoint. */
export async function readHolds(database: Database): Promise<ReadonlyMap<number, Hold>> {
  const rows = await database<HoldRow>(HOLDS);
  return new Map(rows.map((row) => [row.endpoint_id, holdOf(row)]));
}

/** Notes that deliveries are held; where that is noted already it stays as it is. */
export async function addHolds(
  database: Database,
  endpointIds: readonly number[],
  heldAt: number,
): Promise<void> {
  // In order of the ids, so that two hosts do not wait for each other.
  const rows = [...endpointIds]
    .sort((a, b) => a - b)
    .map((endpoint_id) => ({ endpoint_id, held_at: heldAt }));
  for (let first = 0; first < rows.length; first += ROWS_PER_STATEMENT) {
    const some = rows.slice(first, first + ROWS_PER_STATEMENT);
    await inTransaction(database, (trx) => trx(HOLDS).insert(some).onConflict('endpoint_id').ignore());
  }
}

/**
 * Begins a release, its next round, or ends it.
 * @param seen - what the change was made for
 * @param next - undefined: nothing is held, and nothing to be released
 * @returns false where another host was first
 */
export async function moveHold(
  database: Database,
  { endpointId, release: before }: Hold,
  next: Release | undefined,
): Promise<boolean> {
  const changed = await inTransaction(database, async (trx) => {
    const seen = trx<HoldRow>(HOLDS).where({
      endpoint_id: endpointId,
      released_at: before?.startedAt ?? null,
    });
    if (!next) return seen.delete();
    return seen.update({ released_at: next.startedAt, round: next.round, backlog: next.backlog });
  });
  return changed > 0;
}

function holdOf({ endpoint_id, held_at, released_at, round, backlog }: HoldRow): Hold {
  return {
    endpointId: endpoint_id,
    heldAt: Number(held_at),
    ...(released_at !== null && { release: { startedAt: Number(released_at), round, backlog } }),
  };
}
