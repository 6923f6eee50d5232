import type { Transaction } from '../database/database.js';
import { rowsOf } from '../database/database-time.js';
import { idAfter } from '../naming/new-id.js';
import type { LaneKey } from './free-fronts.js';
import type { WorkTable } from './work-table.js';

/** Something that is to be stored: the id by which it follows others of its ordering key, and that key. */
export interface Arriving {
  readonly id: string;
  readonly lane: number;
  readonly key: string | undefined;
}

/** Keys that are looked up in one statement; SQLite takes no more than 500 parts. */
const GROUP = 200;

/**
 * Gives what is to be stored another id where its own would put it before what is stored of its ordering key and open,
 * or before what is in front of it in the list. So of two items of a key, one of which was stored before the other came,
 * the first runs first, whichever hosts stored them and whatever their clocks say. In the transaction that stores them.
 */
export async function inOrderOfArrival<Item extends Arriving>(
  trx: Transaction,
  table: WorkTable,
  arriving: readonly Item[],
): Promise<readonly Item[]> {
  const keyed = arriving.flatMap(({ lane, key }) => (key === undefined ? [] : [{ lane, key }]));
  if (keyed.length === 0) return arriving;
  const last = await lastOfKeys(trx, table, keyed);
  return arriving.map((item) => {
    if (item.key === undefined) return item;
    const place = placeOf(item.lane, item.key);
    const before = last.get(place) ?? '';
    const id = item.id > before ? item.id : idAfter(before);
    last.set(place, id);
    return id === item.id ? item : { ...item, id };
  });
}

interface Last extends LaneKey {
  readonly id: string | null;
}

async function lastOfKeys(
  trx: Transaction,
  { items, order = 'id' }: WorkTable,
  keyed: readonly LaneKey[],
): Promise<Map<string, string>> {
  const keys = [...new Map(keyed.map((each) => [placeOf(each.lane, each.key), each])).values()];
  const last = new Map<string, string>();
  for (let first = 0; first < keys.length; first += GROUP) {
    const some = keys.slice(first, first + GROUP);
    const byLane = [...Map.groupBy(some, ({ lane }) => lane)];
    const parts = [
      ...some.map((key) => waiting(items, key)),
      ...byLane.map(([lane, ofLane]) => underWay(items, order, lane, ofLane)),
    ];
    const answer: unknown = await trx.raw(
      parts.map(({ sql }) => sql).join(' UNION ALL '),
      parts.flatMap(({ values }) => values),
    );
    for (const { lane, key, id } of rowsOf<Last>(answer)) {
      const place = placeOf(lane, key);
      if (id !== null && id > (last.get(place) ?? '')) last.set(place, id);
    }
  }
  return last;
}

/** One look at the end of a key's part of the index, however much waits. */
const waiting = (items: string, { lane, key }: LaneKey) => ({
  sql: `SELECT ? AS lane, ? AS \`key\`, MAX(turn) AS id FROM ${items} WHERE endpoint_id = ? AND open_key = ?`,
  values: [lane, key, lane, key],
});

/** What is under way may have to be tried again, at the place that it has. */
const underWay = (items: string, order: string, lane: number, keys: readonly LaneKey[]) => ({
  sql: `SELECT endpoint_id AS lane, open_key AS \`key\`, ${order} AS id FROM ${items}
    WHERE endpoint_id = ? AND turn = '' AND open_key IN (${keys.map(() => '?').join(',')})`,
  values: [lane, ...keys.map(({ key }) => key)],
});

function placeOf(lane: number, key: string): string {
  return `${lane},${key}`;
}
