import { audit } from '../audit/audit-log.js';
import { dialectOf, type Database, type Transaction } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { inTransaction } from '../database/in-transaction.js';
import type { Move } from '../work/work-moves.js';
import { PHASE } from '../work/work-table.js';
import { applyMove, type MovedItem } from './apply-move.js';
import { itemsInScope, nextWindow, type BulkScope } from './bulk-scan.js';
import { BULK_MOVES, type BulkMoveRow } from './bulk-move-table.js';
import type { FilteredWork, MoveRules } from './operated-work.js';

/** Items that are moved in one transaction. A replay copies what it repeats. */
const BATCH: Readonly<Record<Move, number>> = {
  retry: 200,
  'dead-letter': 200,
  cancel: 200,
  queue: 200,
  replay: 25,
};
/** Between two steps, in milliseconds, so that others write in between. */
const PAUSE_MS = 20;
/** No step takes more at its rate. What waits for longer was dated before the database's clock was set back. */
const LONGEST_PAUSE_MS = 1_000;

/** What came of looking at a bulk move. */
export type BulkStep =
  /** Another host makes a step right now. */
  | { readonly kind: 'elsewhere' }
  /** Nothing may be done before. */
  | { readonly kind: 'waits'; readonly dueAt: number }
  | { readonly kind: 'made'; readonly dueAt: number; readonly lanes: ReadonlySet<number> }
  | { readonly kind: 'over' };

/**
 * Makes the next step of a bulk move: one transaction that holds its row, moves some items and notes how far it got.
 * So whatever host makes a step, none is made twice, and none is lost with its host.
 */
export function makeBulkStep(
  database: Database,
  work: FilteredWork,
  rules: MoveRules,
  id: string,
  nowMs: number,
): Promise<BulkStep> {
  return inTransaction(database, async (trx): Promise<BulkStep> => {
    const row = await lockRow(trx, id);
    if (!row) return { kind: 'elsewhere' };
    if (row.state !== 'running') return { kind: 'over' };
    const waitMs = Number(row.due_at) - nowMs;
    if (waitMs > 0 && waitMs <= LONGEST_PAUSE_MS) return { kind: 'waits', dueAt: Number(row.due_at) };
    const { moved, reached } = await moveSome(trx, work, rules, row, nowMs);
    const dueAt = nowMs + Math.max(PAUSE_MS, timeOf(moved.length, row.per_second));
    await noteProgress(trx, work, row, { moved: moved.length, reached, dueAt, nowMs });
    return { kind: 'made', dueAt, lanes: new Set(moved.map(({ lane }) => lane)) };
  });
}

/** MySQL: a row that another host holds is left to it. SQLite: a transaction that writes is alone anyway. */
async function lockRow(trx: Transaction, id: string): Promise<BulkMoveRow | undefined> {
  const locking = dialectOf(trx) === 'sqlite' ? '' : ' FOR UPDATE SKIP LOCKED';
  const answer: unknown = await trx.raw(`SELECT * FROM ${BULK_MOVES} WHERE id = ?${locking}`, [id]);
  return rowsOf<BulkMoveRow>(answer)[0];
}

async function moveSome(
  trx: Transaction,
  work: FilteredWork,
  rules: MoveRules,
  row: BulkMoveRow,
  nowMs: number,
): Promise<{ moved: readonly MovedItem[]; reached: string | undefined }> {
  const { order = 'id' } = work.table;
  const scope = scopeOf(row, work);
  const window = await nextWindow(trx, work.table, scope.filter, row.reached ?? undefined);
  const limit = Math.min(BATCH[row.move], row.per_second ?? Infinity);
  const found = await itemsInScope(trx, work, scope, window)
    .orderBy(order)
    .limit(limit)
    .select<{ id: string; key: string }[]>('id', { key: order });
  // What cannot be read is skipped, and counted so at the end.
  const { items: moved } = await applyMove(trx, work, {
    move: row.move,
    ids: found.map((item) => item.id),
    // Behind what comes in: many items that a person moves must not delay it.
    place: { nowMs, phase: PHASE.retry },
    reason: { actor: row.actor, ...(row.note !== null && { note: row.note }) },
    rules,
  });
  return { moved, reached: found.length === limit ? found.at(-1)?.key : window.upTo };
}

async function noteProgress(
  trx: Transaction,
  { noun, side }: FilteredWork,
  row: BulkMoveRow,
  {
    moved,
    reached,
    dueAt,
    nowMs,
  }: { moved: number; reached: string | undefined; dueAt: number; nowMs: number },
): Promise<void> {
  const total = Number(row.moved) + moved;
  const progress = { moved: total, due_at: dueAt };
  const mine = () => trx<BulkMoveRow>(BULK_MOVES).where({ id: row.id });
  if (reached !== undefined) {
    await mine().update({ ...progress, reached });
    return;
  }
  await mine().update({ ...progress, state: 'done', finished_at: nowMs });
  await audit(trx, {
    at: nowMs,
    actor: row.actor,
    action: 'bulk-move.done',
    subject: `${side} ${noun} bulk move ${row.id}`,
    detail: { move: row.move, total: Number(row.total), moved: total },
  });
}

/** What the row says that the bulk move is for. */
export function scopeOf(row: BulkMoveRow, { filterSchema }: FilteredWork): BulkScope {
  const filter = filterSchema.parse(JSON.parse(row.filter));
  return { move: row.move, filter, startedAt: Number(row.started_at) };
}

/** How long moving so many may take at a rate, in milliseconds. */
function timeOf(count: number, perSecond: number | null): number {
  return perSecond === null ? 0 : Math.ceil((count / perSecond) * 1000);
}
