import { insertRows, type ColumnValue, type RowShape, type Transaction } from 'glue-core';
import type { PlannedEvent } from './plan-append.js';
import { EVENTS, PAYLOADS, TYPE_LENGTH } from './tables.js';

/** Groups are of up to 64 events. */
const eventShape: RowShape = {
  table: EVENTS,
  isPrepared: true,
  columns: [
    'id',
    'endpoint_id',
    'state',
    'phase',
    'due_at',
    'dated_at',
    'ordering_key',
    'open_key',
    'kind',
    'type',
    'delivery_key',
    'delivery_key_source',
    'replay_key',
    'primary_id',
    'handler',
    'backend_type',
    'backend_id',
    'received_at',
  ],
};
const payloadShape: RowShape = {
  table: PAYLOADS,
  isPrepared: true,
  columns: ['event_id', 'headers', 'body', 'semantics'],
};

/** Bytes of bodies in one statement; servers refuse packets past a size. */
const STATEMENT_BYTES = 2 * 1024 * 1024;

/** Writes events and their payloads. The events go first: a key that is taken costs no bodies. */
export async function insertEvents(
  trx: Transaction,
  planned: readonly PlannedEvent[],
  nowMs: number,
): Promise<void> {
  if (planned.length === 0) return;
  await insertRows(
    trx,
    eventShape,
    planned.map((each) => eventValues(each, nowMs)),
  );
  for (const chunk of chunksByBytes(planned)) await insertRows(trx, payloadShape, chunk.map(payloadValues));
}

function eventValues({ event, primaryId }: PlannedEvent, nowMs: number): ColumnValue[] {
  const { orderingKey = null, semantics, backend } = event;
  return [
    event.id,
    event.endpointId,
    'received',
    0,
    nowMs,
    nowMs,
    orderingKey,
    orderingKey,
    primaryId === undefined ? 'primary' : 'replay',
    (semantics.event_type ?? '').slice(0, TYPE_LENGTH).toWellFormed(),
    event.deliveryKey,
    event.deliveryKeySource,
    primaryId === undefined ? (event.replayKey ?? null) : null,
    primaryId ?? null,
    event.handler ?? null,
    backend?.type ?? null,
    backend?.id ?? null,
    nowMs,
  ];
}

function payloadValues({ event }: PlannedEvent): ColumnValue[] {
  return [event.id, JSON.stringify(event.headers), event.body, JSON.stringify(event.semantics)];
}

function chunksByBytes(planned: readonly PlannedEvent[]): PlannedEvent[][] {
  const chunks: PlannedEvent[][] = [];
  let bytes = Infinity;
  for (const each of planned) {
    bytes += each.event.body.length;
    if (bytes > STATEMENT_BYTES) {
      chunks.push([]);
      bytes = each.event.body.length;
    }
    chunks.at(-1)?.push(each);
  }
  return chunks;
}
