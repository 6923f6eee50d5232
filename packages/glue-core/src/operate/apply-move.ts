import type { Transaction } from '../database/database.js';
import { GlueError } from '../errors/glue-error.js';
import { freeFronts, type LaneKey } from '../work/free-fronts.js';
import { finishedValues, rearmedValues } from '../work/item-values.js';
import { statesFor, type Move } from '../work/work-moves.js';
import type { WorkState } from '../work/work-table.js';
import { moveNote, type MoveReason } from './move-note.js';
import type { MoveRules, OperatedWork, Place, Replays } from './operated-work.js';

/** One move of several items. */
export interface MoveOrder {
  readonly move: Move;
  readonly ids: readonly string[];
  readonly place: Place;
  /** Who moves, and why; kept at an item that ends by it. */
  readonly reason: MoveReason;
  readonly rules: MoveRules;
}

/** An item that was moved. */
export interface MovedItem {
  readonly id: string;
  readonly lane: number;
  readonly from: WorkState;
  /** The item that does it again, after a replay. */
  readonly replayId?: string;
}

/** What came of a move of several items. */
export interface Moved {
  readonly items: readonly MovedItem[];
  /** GLUE_CONTENT_UNREADABLE of each that could not be replayed; it stays as it is. */
  readonly unreadable: readonly GlueError[];
}

interface Row {
  id: string;
  endpoint_id: number;
  state: WorkState;
  ordering_key: string | null;
}

/**
 * Moves those of the items that are in a state from which the move starts; others are left alone. Items are locked
 * first, so that no claim and no other move comes between.
 */
export async function applyMove(trx: Transaction, work: OperatedWork, order: MoveOrder): Promise<Moved> {
  const rows = await trx<Row>(work.table.items)
    .whereIn('id', order.ids)
    .whereIn('state', statesFor(order.move))
    .forUpdate()
    .select('id', 'endpoint_id', 'state', 'ordering_key');
  if (rows.length === 0) return { items: [], unreadable: [] };
  const replays = await write(trx, work, order, rows);
  await freeFronts(trx, work.table, keysOf(rows), order.place.phase);
  const items: MovedItem[] = [];
  const unreadable: GlueError[] = [];
  for (const { id, endpoint_id: lane, state: from } of rows) {
    const replayId = replays && (replays.get(id) ?? goneError(work, id));
    if (replayId instanceof GlueError) unreadable.push(replayId);
    else items.push({ id, lane, from, ...(replayId !== undefined && { replayId }) });
  }
  return { items, unreadable };
}

const goneError = ({ noun }: OperatedWork, id: string) =>
  new GlueError('GLUE_CONTENT_UNREADABLE', `${noun} ${id} cannot be read: what is stored of it is gone`);

/** The ordering keys of items, each once. */
function keysOf(rows: readonly Row[]): LaneKey[] {
  const keys = rows.flatMap(({ endpoint_id: lane, ordering_key: key }) =>
    key === null ? [] : [{ lane, key }],
  );
  return [...new Map(keys.map((each) => [`${each.lane},${each.key}`, each])).values()];
}

/** @returns the new items of a replay */
async function write(
  trx: Transaction,
  work: OperatedWork,
  { move, place, reason, rules }: MoveOrder,
  rows: readonly Row[],
): Promise<Replays | undefined> {
  const update = (some: readonly Row[], values: Readonly<Record<string, unknown>>) =>
    updateItems(trx, work, some, values);
  const ids = rows.map(({ id }) => id);
  const note = endNote(trx, reason);
  switch (move) {
    case 'retry':
      // A fresh chance: by the whole retry policy. Hosts lost with the item stay counted until a result is written.
      await update(rows, { ...rearmedValues(trx, place.nowMs, place.phase), failures: 0 });
      return undefined;
    case 'cancel':
      await update(rows, { ...finishedValues('canceled', place.nowMs, false), note });
      return undefined;
    case 'dead-letter':
      for (const [blocks, some] of Map.groupBy(rows, (row) => rules.blocksKey(row.endpoint_id)))
        await update(some, { ...finishedValues('dead_letter', place.nowMs, blocks), note });
      return undefined;
    case 'queue':
      await rules.queueDrafts?.(trx, ids, place);
      return undefined;
    case 'replay': {
      const replays = await rules.replay(trx, ids, place);
      // A dead letter that kept its ordering key lets it go: its replay comes last.
      const replayed = rows.filter(({ id }) => typeof replays.get(id) === 'string');
      if (replayed.length > 0) await update(replayed, { open_key: null });
      return replays;
    }
  }
}

/** Who gives no reason takes none away: the note that says why an item failed stays. */
function endNote(trx: Transaction, reason: MoveReason) {
  const note = moveNote(reason);
  return reason.note === undefined ? trx.raw('COALESCE(note, ?)', [note]) : note;
}

async function updateItems(
  trx: Transaction,
  { table }: OperatedWork,
  rows: readonly Row[],
  values: Readonly<Record<string, unknown>>,
): Promise<void> {
  const ids = rows.map(({ id }) => id);
  const states = [...new Set(rows.map(({ state }) => state))];
  const changed = await trx(table.items).whereIn('id', ids).whereIn('state', states).update(values);
  if (changed !== rows.length) throw new Error(`${changed} of ${rows.length} locked items were moved`);
}
