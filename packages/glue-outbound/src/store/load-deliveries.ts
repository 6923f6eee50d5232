import {
  parseStored,
  readStored,
  type BackendReference,
  type Database,
  type Json,
  type StoredContent,
} from 'glue-core';
import { DELIVERIES, DELIVERY_PAYLOADS, type DeliveryRow, type PayloadRow } from './tables.js';

/** A delivery as it was queued. */
export interface StoredDelivery {
  readonly id: string;
  readonly endpointId: number;
  readonly payload?: Json;
  readonly context: Readonly<Record<string, Json>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly backend?: BackendReference;
  readonly createdAt: number;
}

type JoinedRow = Pick<DeliveryRow, 'id' | 'endpoint_id' | 'backend_type' | 'backend_id' | 'created_at'> &
  Pick<PayloadRow, 'payload' | 'context' | 'headers'>;

/** Reads deliveries with what they hold, by id; those that are gone are left out. */
export async function loadDeliveries(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredContent<StoredDelivery>>> {
  const rows = await database(DELIVERIES)
    .join(DELIVERY_PAYLOADS, `${DELIVERIES}.id`, `${DELIVERY_PAYLOADS}.delivery_id`)
    .whereIn(`${DELIVERIES}.id`, ids)
    .select<JoinedRow[]>(
      'id',
      'endpoint_id',
      'backend_type',
      'backend_id',
      'created_at',
      'payload',
      'context',
      'headers',
    );
  return new Map(rows.map((row) => [row.id, readStored('delivery', row.id, () => storedDeliveryOf(row))]));
}

function storedDeliveryOf(row: JoinedRow): StoredDelivery {
  const context = parseStored('context', row.context) as Record<string, Json>;
  // Whoever gave a key has it in the context. A replay has it there alone.
  const key = Object.hasOwn(context, 'idempotency_key') ? context['idempotency_key'] : undefined;
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    ...(row.payload !== null && { payload: parseStored('payload', row.payload) as Json }),
    context,
    headers: parseStored('headers', row.headers) as Record<string, string>,
    ...(typeof key === 'string' && { idempotencyKey: key }),
    ...(row.backend_type !== null &&
      row.backend_id !== null && { backend: { type: row.backend_type, id: row.backend_id } }),
    createdAt: Number(row.created_at),
  };
}
