import type { Knex } from 'knex';
import type { Database } from '../database/database.js';
import { statesFor, type Move } from '../work/work-moves.js';
import type { WorkTable } from '../work/work-table.js';
import type { FilteredWork } from './operated-work.js';
import type { WorkFilter } from './work-filter.js';

/** Items that are looked at in one statement, whether or not they are meant. */
const WINDOW = 5_000;

/** The items that a bulk move is for: those that fit the filter, and could be moved, when it was started. */
export interface BulkScope {
  readonly move: Move;
  readonly filter: WorkFilter;
  /** The shared time, Unix milliseconds. */
  readonly startedAt: number;
}

/** A part of the table in the order of the items: after the first, up to the last; without one, to the end. */
export interface ScanWindow {
  readonly after: string | undefined;
  readonly upTo: string | undefined;
}

/** The part that comes next, so small that looking through it locks nothing for long, however large the table. */
export async function nextWindow(
  database: Database,
  { items, order = 'id' }: WorkTable,
  { ids }: WorkFilter,
  after?: string,
): Promise<ScanWindow> {
  // Found by their key, not by looking through the table.
  if (ids) return { after, upTo: undefined };
  const query = database(items)
    .orderBy(order)
    .offset(WINDOW - 1);
  if (after !== undefined) void query.where(order, '>', after);
  const last = await query.first<{ key: string } | undefined>({ key: order });
  return { after, upTo: last?.key };
}

/**
 * A query over the items of a window that are meant, and have not changed since the bulk move was started. The window
 * is a table of its own, with a limit, so that no database tries an index that leads through all items of an endpoint.
 */
export function itemsInScope(
  database: Database,
  work: FilteredWork,
  { move, filter, startedAt }: BulkScope,
  window: ScanWindow,
): Knex.QueryBuilder {
  const { table, arrivedAt } = work;
  const { items, attempts } = table;
  const query = database(windowOf(database, table, filter, window).as(items))
    .whereIn('state', statesFor(move))
    .where(arrivedAt, '<=', startedAt)
    .where((either) => void either.whereNull('finished_at').orWhere('finished_at', '<=', startedAt))
    .whereNotExists(
      database(attempts)
        .select(database.raw('1'))
        .where({ item_id: database.ref(`${items}.id`), number: database.ref(`${items}.attempts`) })
        .where('ended_at', '>', startedAt),
    );
  work.narrow(query, filter);
  return query;
}

function windowOf(
  database: Database,
  { items, order = 'id' }: WorkTable,
  { ids }: WorkFilter,
  { after, upTo }: ScanWindow,
): Knex.QueryBuilder {
  // The end decides; items may have arrived in between.
  const query = database(items)
    .orderBy(order)
    .limit(2 * WINDOW);
  if (ids) void query.whereIn('id', ids);
  if (after !== undefined) void query.where(order, '>', after);
  if (upTo !== undefined) void query.where(order, '<=', upTo);
  return query;
}

/** How many items a bulk move would be for. Many short looks, none of which holds up anything. */
export async function countInScope(
  database: Database,
  work: FilteredWork,
  scope: BulkScope,
): Promise<number> {
  let total = 0;
  let window = await nextWindow(database, work.table, scope.filter);
  for (;;) {
    const found = await itemsInScope(database, work, scope, window).count<{ count: number | string }[]>({
      count: '*',
    });
    total += Number(found[0]?.count ?? 0);
    if (window.upTo === undefined) return total;
    window = await nextWindow(database, work.table, scope.filter, window.upTo);
  }
}
