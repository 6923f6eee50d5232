import { inOrderOfArrival, newId, type Place, type Transaction } from 'glue-core';
import { DELIVERIES, DELIVERY_CONTENT, DELIVERY_WORK, type DeliveryRow } from './tables.js';

type Original = Pick<
  DeliveryRow,
  'id' | 'endpoint_id' | 'ordering_key' | 'content_hash' | 'backend_type' | 'backend_id'
>;

/**
 * Stores new deliveries that do others again: from the same payload, context, headers and files, as they were queued.
 * Each has an id of its own, by which receivers of webhooks tell messages apart: one that lost the first takes the
 * second. The idempotency key in the context stays the original's: by it a vendor's API knows whether it has done
 * already what is asked for, and only it can know. In the queue the key goes on meaning the original.
 * @returns the new ids by the old; a delivery whose content is gone is left out
 */
export async function replayDeliveries(
  trx: Transaction,
  ids: readonly string[],
  place: Place,
): Promise<ReadonlyMap<string, string>> {
  const [main] = DELIVERY_CONTENT;
  const originals = await trx(DELIVERIES)
    .join(main.table, `${main.table}.${main.key}`, `${DELIVERIES}.id`)
    .whereIn('id', ids)
    .orderBy('arrival')
    .select<Original[]>('id', 'endpoint_id', 'ordering_key', 'content_hash', 'backend_type', 'backend_id');
  if (originals.length === 0) return new Map();
  const arriving = originals.map((original) => {
    const { endpoint_id: lane, ordering_key } = original;
    return { original, id: newId(place.nowMs), lane, key: ordering_key ?? undefined };
  });
  const ordered = await inOrderOfArrival(trx, DELIVERY_WORK, arriving);
  const replays = ordered.map(({ original, id }) => replayOf(id, original, place));
  await trx(DELIVERIES).insert(replays);
  for (const content of DELIVERY_CONTENT) await copyContent(trx, content, replays);
  return new Map(replays.map(({ id, original_id }) => [original_id, id]));
}

/** In the database: what was queued need not come here. */
async function copyContent(
  trx: Transaction,
  { table, key, columns }: (typeof DELIVERY_CONTENT)[number],
  replays: readonly { readonly id: string }[],
): Promise<void> {
  const copied = (from: string) => columns.map((column) => `${from}${column}`).join(', ');
  await trx.raw(
    `INSERT INTO ${table} (${key}, ${copied('')})
     SELECT replay.id, ${copied('original.')}
     FROM ${DELIVERIES} AS replay JOIN ${table} AS original ON original.${key} = replay.original_id
     WHERE replay.id IN (${replays.map(() => '?').join(',')})`,
    replays.map(({ id }) => id),
  );
}

function replayOf(id: string, { id: originalId, ...original }: Original, { nowMs, phase }: Place) {
  return {
    ...original,
    id,
    arrival: id,
    state: 'queued',
    phase,
    due_at: nowMs,
    dated_at: nowMs,
    open_key: original.ordering_key,
    original_id: originalId,
    created_at: nowMs,
  };
}
