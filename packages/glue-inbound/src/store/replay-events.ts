import { inOrderOfArrival, newId, type Place, type Transaction } from 'glue-core';
import type { Semantics } from '../endpoint/endpoint-config.js';
import type { EventRow, PayloadRow } from './event-row.js';
import { EVENTS, eventTable, PAYLOADS } from './tables.js';

type Original = Pick<
  EventRow,
  'id' | 'endpoint_id' | 'type' | 'ordering_key' | 'handler' | 'backend_type' | 'backend_id'
> &
  Pick<PayloadRow, 'semantics'>;

/** Which handler an event would be given to now. */
export type HandlerNow = (
  event: { readonly endpointId: number; readonly handler: string | null },
  semantics: Semantics,
) => string | null;

/**
 * Stores new events that do others again: the same bytes, headers, semantics, ordering key and backend, and the
 * handler of now. Their delivery keys are their own, so what the provider sends is told apart as before.
 * @returns the new ids by the old; an event whose payload is gone is left out
 */
export async function replayEvents(
  trx: Transaction,
  ids: readonly string[],
  place: Place,
  handlerNow: HandlerNow,
): Promise<ReadonlyMap<string, string>> {
  const originals = await trx(EVENTS)
    .join(PAYLOADS, `${PAYLOADS}.event_id`, `${EVENTS}.id`)
    .whereIn(`${EVENTS}.id`, ids)
    .select('id', 'endpoint_id', 'type', 'ordering_key', 'handler', 'backend_type', 'backend_id')
    .select<Original[]>('semantics')
    .orderBy('id');
  if (originals.length === 0) return new Map();
  const arriving = originals.map((original) => {
    const { endpoint_id: lane, ordering_key } = original;
    return { original, id: newId(place.nowMs), lane, key: ordering_key ?? undefined };
  });
  const ordered = await inOrderOfArrival(trx, eventTable, arriving);
  const replays = ordered.map(({ original, id }) => replayOf(id, original, place, handlerNow));
  await trx(EVENTS).insert(replays);
  // In the database: the bytes need not come here.
  await trx.raw(
    `INSERT INTO ${PAYLOADS} (event_id, headers, body, semantics)
     SELECT replay.id, original.headers, original.body, original.semantics
     FROM ${EVENTS} AS replay JOIN ${PAYLOADS} AS original ON original.event_id = replay.primary_id
     WHERE replay.id IN (${replays.map(() => '?').join(',')})`,
    replays.map(({ id }) => id),
  );
  return new Map(replays.map(({ id, primary_id }) => [primary_id, id]));
}

function replayOf(
  id: string,
  { semantics, ...original }: Original,
  { nowMs, phase }: Place,
  handlerNow: HandlerNow,
) {
  const { id: originalId, endpoint_id: endpointId, handler } = original;
  return {
    ...original,
    id,
    state: 'received',
    phase,
    due_at: nowMs,
    dated_at: nowMs,
    open_key: original.ordering_key,
    kind: 'replay',
    primary_id: originalId,
    delivery_key: `replay:${id}`,
    delivery_key_source: 'replay',
    received_at: nowMs,
    handler: handlerNow({ endpointId, handler }, JSON.parse(semantics) as Semantics),
  };
}
