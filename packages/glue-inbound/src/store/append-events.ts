import {
  freeFronts,
  inOrderOfArrival,
  inTransaction,
  isDuplicateKeyError,
  PHASE,
  rearmedValues,
  type Database,
  type LaneKey,
  type Transaction,
} from 'glue-core';
import type { EventRow } from './event-row.js';
import { insertEvents } from './insert-events.js';
import type { NewEvent, Receipt } from './new-event.js';
import { keyPlace, nothingTaken, planAppend, type AppendPlan, type TakenKeys } from './plan-append.js';
import { EVENTS, eventTable } from './tables.js';

/** How often a group is planned anew since others stored the same keys meanwhile. */
const MAX_PLANS = 5;

/**
 * Stores a group in one transaction: inserts first, and looks only when the database says that a key is taken. Gives up
 * at the first lock: one key that another transaction holds keeps all of the group waiting.
 */
export function appendEvents(
  database: Database,
  group: readonly NewEvent[],
  nowMs: number,
): Promise<readonly Receipt[]> {
  const append = async (trx: Transaction): Promise<readonly Receipt[]> => {
    const ordered = await inOrder(trx, group);
    let plan = planAppend(ordered, nothingTaken);
    for (let plans = 1; !(await inserted(trx, plan, nowMs, plans)); plans += 1) {
      plan = planAppend(ordered, await takenKeys(trx, ordered));
    }
    await countRepeats(trx, plan, nowMs);
    return plan.receipts;
  };
  return inTransaction(database, append, { givesUpAtLock: true });
}

/** Behind what of their ordering keys is stored already: the ids of events are their order. */
async function inOrder(trx: Transaction, group: readonly NewEvent[]): Promise<readonly NewEvent[]> {
  if (group.every(({ orderingKey }) => orderingKey === undefined)) return group;
  const arriving = group.map((event) => {
    const { id, endpointId: lane, orderingKey: key } = event;
    return { event, id, lane, key };
  });
  const ordered = await inOrderOfArrival(trx, eventTable, arriving);
  return ordered.map(({ event, id }) => ({ ...event, id }));
}

/** A refused statement leaves the transaction as it was, on both databases. */
async function inserted(
  trx: Transaction,
  { events }: AppendPlan,
  nowMs: number,
  plans: number,
): Promise<boolean> {
  try {
    await insertEvents(trx, events, nowMs);
    return true;
  } catch (error) {
    if (!isDuplicateKeyError(error) || plans >= MAX_PLANS) throw error;
    return false;
  }
}

async function takenKeys(trx: Transaction, group: readonly NewEvent[]): Promise<TakenKeys> {
  const deliveries = new Map<string, string>();
  const replays = new Map<string, string>();
  for (const [endpointId, events] of Map.groupBy(group, (event) => event.endpointId)) {
    for (const { id, key } of await holders(
      trx,
      endpointId,
      'delivery_key',
      events.map(({ deliveryKey }) => deliveryKey),
    ))
      deliveries.set(keyPlace(endpointId, key), id);
    const keys = events.flatMap(({ replayKey }) => replayKey ?? []);
    for (const { id, key } of await holders(trx, endpointId, 'replay_key', keys))
      replays.set(keyPlace(endpointId, key), id);
  }
  return { deliveries, replays };
}

type KeyRow = Pick<EventRow, 'id' | 'endpoint_id' | 'delivery_key' | 'replay_key'>;

/** Which events hold these keys. */
async function holders(
  trx: Transaction,
  endpointId: number,
  column: 'delivery_key' | 'replay_key',
  keys: readonly string[],
): Promise<{ id: string; key: string }[]> {
  if (keys.length === 0) return [];
  const rows = await trx<KeyRow>(EVENTS)
    .where({ endpoint_id: endpointId })
    .whereIn(column, keys)
    .select('id', 'delivery_key', 'replay_key');
  return rows.map((row) => ({ id: row.id, key: row[column] ?? '' }));
}

async function countRepeats(trx: Transaction, { repeats }: AppendPlan, nowMs: number): Promise<void> {
  // In order of their ids, so that two hosts do not wait for each other.
  const ids = [...repeats.keys()].sort();
  for (const id of ids) {
    await trx(EVENTS)
      .where({ id })
      .increment('duplicates', repeats.get(id)?.count ?? 0)
      .update({ last_duplicate_at: nowMs });
  }
  const rearmed = ids.filter((id) => repeats.get(id)?.rearm);
  if (rearmed.length === 0) return;
  const count = await trx(EVENTS)
    .whereIn('id', rearmed)
    .whereIn('state', ['retrying', 'dead_letter'])
    .update(rearmedValues(trx, nowMs, PHASE.first));
  if (count > 0) await freeFronts(trx, eventTable, await openKeysOf(trx, rearmed), PHASE.first);
}

async function openKeysOf(trx: Transaction, ids: readonly string[]): Promise<LaneKey[]> {
  const rows = await trx<EventRow>(EVENTS)
    .whereIn('id', ids)
    .whereNotNull('open_key')
    .distinct('endpoint_id', 'ordering_key');
  return rows.map(({ endpoint_id: lane, ordering_key }) => ({ lane, key: ordering_key ?? '' }));
}
