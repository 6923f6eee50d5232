import {
  GlueError,
  inOrderOfArrival,
  newId,
  parseStored,
  readStored,
  type Place,
  type Replays,
  type Transaction,
} from 'glue-core';
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
 * @returns the new ids by the old; why an event cannot be read; one whose payload is gone is left out
 */
export async function replayEvents(
  trx: Transaction,
  ids: readonly string[],
  place: Place,
  handlerNow: HandlerNow,
): Promise<Replays> {
  const originals = await trx(EVENTS)
    .join(PAYLOADS, `${PAYLOADS}.event_id`, `${EVENTS}.id`)
    .whereIn(`${EVENTS}.id`, ids)
    .select('id', 'endpoint_id', 'type', 'ordering_key', 'handler', 'backend_type', 'backend_id')
    .select<Original[]>('semantics')
    .orderBy('id');
  const unreadable = new Map<string, GlueError>();
  const arriving = originals.flatMap((original) => {
    const { id: originalId, endpoint_id: lane, ordering_key } = original;
    const handler = readStored('event', originalId, () => handlerOf(original, handlerNow));
    if (!(handler instanceof GlueError))
      return [{ original, handler, id: newId(place.nowMs), lane, key: ordering_key ?? undefined }];
    unreadable.set(originalId, handler);
    return [];
  });
  if (arriving.length === 0) return unreadable;
  const ordered = await inOrderOfArrival(trx, eventTable, arriving);
  const replays = ordered.map(({ original, id, handler }) => replayOf(id, original, place, handler));
  await trx(EVENTS).insert(replays);
  // In the database: the bytes need not come here.
  await trx.raw(
    `INSERT INTO ${PAYLOADS} (event_id, headers, body, semantics)
     SELECT replay.id, original.headers, original.body, original.semantics
     FROM ${EVENTS} AS replay JOIN ${PAYLOADS} AS original ON original.event_id = replay.primary_id
     WHERE replay.id IN (${replays.map(() => '?').join(',')})`,
    replays.map(({ id }) => id),
  );
  return new Map<string, string | GlueError>([
    ...unreadable,
    ...replays.map(({ id, primary_id }) => [primary_id, id] as const),
  ]);
}

function handlerOf({ endpoint_id: endpointId, handler, semantics }: Original, handlerNow: HandlerNow) {
  return handlerNow({ endpointId, handler }, parseStored('semantics', semantics) as Semantics);
}

function replayOf(
  id: string,
  { id: originalId, semantics: _copied, ...original }: Original,
  { nowMs, phase }: Place,
  handler: string | null,
) {
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
    handler,
  };
}
