import { inTransaction, isDuplicateKeyError, type Database, type Transaction } from 'glue-core';
import type { EventRow } from './event-row.js';
import { insertEvents } from './insert-events.js';
import type { NewEvent, Receipt } from './new-event.js';
import { keyPlace, nothingTaken, planAppend, type AppendPlan, type TakenKeys } from './plan-append.js';
import { EVENTS } from './tables.js';

/** How often a group is planned anew since others stored the same keys meanwhile. */
const MAX_PLANS = 5;

/** Stores a group in one transaction: inserts first, and looks only when the database says that a key is taken. */
export function appendEvents(
  database: Database,
  group: readonly NewEvent[],
  nowMs: number,
): Promise<readonly Receipt[]> {
  return inTransaction(database, async (trx) => {
    let plan = planAppend(group, nothingTaken);
    for (let plans = 1; !(await inserted(trx, plan, nowMs, plans)); plans += 1) {
      plan = planAppend(group, await takenKeys(trx, group));
    }
    await countRepeats(trx, plan, nowMs);
    return plan.receipts;
  });
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
  await trx(EVENTS)
    .whereIn('id', rearmed)
    .whereIn('state', ['retrying', 'dead_letter'])
    .update({
      state: 'retrying',
      phase: 0,
      due_at: nowMs,
      finished_at: null,
      open_key: trx.ref('ordering_key'),
    });
}
