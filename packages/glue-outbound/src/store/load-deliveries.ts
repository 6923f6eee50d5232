import {
  LargeContent,
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
  Pick<PayloadRow, 'payload' | 'headers'> & {
    readonly bytes: number | string;
    /** Null where it is too large to be read. */
    readonly context: string | null;
  };

const BYTES = 'COALESCE(OCTET_LENGTH(payload), 0) + OCTET_LENGTH(context)';

/**
 * Reads deliveries with what they hold, by id; those that are gone are left out.
 * @param maxBytes - payload and context that are larger are not read. @defaultValue all are
 */
export function loadDeliveries(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredContent<StoredDelivery>>>;
export function loadDeliveries(
  database: Database,
  ids: readonly string[],
  maxBytes: number,
): Promise<ReadonlyMap<string, StoredContent<StoredDelivery> | LargeContent>>;
export async function loadDeliveries(
  database: Database,
  ids: readonly string[],
  maxBytes = Infinity,
): Promise<ReadonlyMap<string, StoredContent<StoredDelivery> | LargeContent>> {
  const most = Math.min(maxBytes, Number.MAX_SAFE_INTEGER);
  const upTo = (column: string) =>
    database.raw(`CASE WHEN ${BYTES} <= ? THEN ${column} END AS ${column}`, [most]);
  const rows = await database(DELIVERIES)
    .join(DELIVERY_PAYLOADS, `${DELIVERIES}.id`, `${DELIVERY_PAYLOADS}.delivery_id`)
    .whereIn(`${DELIVERIES}.id`, ids)
    .select<JoinedRow[]>(
      'id',
      'endpoint_id',
      'backend_type',
      'backend_id',
      'created_at',
      'headers',
      database.raw(`${BYTES} AS bytes`),
      upTo('payload'),
      upTo('context'),
    );
  return new Map(rows.map((row) => [row.id, contentOf(row)]));
}

function contentOf({ context, bytes, ...row }: JoinedRow): StoredContent<StoredDelivery> | LargeContent {
  if (context === null) return new LargeContent(Number(bytes));
  return readStored('delivery', row.id, () => storedDeliveryOf(row, context));
}

function storedDeliveryOf(row: Omit<JoinedRow, 'context' | 'bytes'>, stored: string): StoredDelivery {
  const context = parseStored('context', stored) as Record<string, Json>;
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
