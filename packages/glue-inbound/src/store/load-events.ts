import {
  LargeContent,
  parseStored,
  readStored,
  type BackendReference,
  type Database,
  type StoredContent,
} from 'glue-core';
import type { Semantics } from '../endpoint/endpoint-config.js';
import type { EventHeaders } from '../process/inbound-event.js';
import type { EventRow, PayloadRow } from './event-row.js';
import { EVENTS, PAYLOADS } from './tables.js';

/** An event as it was stored, with its payload. */
export interface StoredEvent {
  readonly id: string;
  readonly endpointId: number;
  readonly kind: 'primary' | 'replay';
  readonly semantics: Semantics;
  readonly headers: EventHeaders;
  readonly body: Buffer;
  /** Unix milliseconds. */
  readonly receivedAt: number;
  readonly handler?: string;
  readonly backend?: BackendReference;
}

type Row = Pick<
  EventRow,
  'id' | 'endpoint_id' | 'kind' | 'received_at' | 'handler' | 'backend_type' | 'backend_id'
> &
  Omit<PayloadRow, 'event_id' | 'body'> & { readonly bytes: number | string; readonly body: Buffer | null };

/**
 * Reads events with their payloads, by id; one that is missing was deleted.
 * @param maxBytes - a body that is larger is not read. @defaultValue all are
 */
export function loadEvents(
  database: Database,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StoredContent<StoredEvent>>>;
export function loadEvents(
  database: Database,
  ids: readonly string[],
  maxBytes: number,
): Promise<ReadonlyMap<string, StoredContent<StoredEvent> | LargeContent>>;
export async function loadEvents(
  database: Database,
  ids: readonly string[],
  maxBytes = Infinity,
): Promise<ReadonlyMap<string, StoredContent<StoredEvent> | LargeContent>> {
  const most = Math.min(maxBytes, Number.MAX_SAFE_INTEGER);
  const rows: Row[] = await database(EVENTS)
    .join(PAYLOADS, `${PAYLOADS}.event_id`, `${EVENTS}.id`)
    .whereIn(`${EVENTS}.id`, ids)
    .select('id', 'endpoint_id', 'kind', 'received_at', 'handler', 'backend_type', 'backend_id')
    .select('headers', 'semantics')
    .select(database.raw('OCTET_LENGTH(body) AS bytes'))
    .select(database.raw('CASE WHEN OCTET_LENGTH(body) <= ? THEN body END AS body', [most]));
  return new Map(rows.map((row) => [row.id, contentOf(row)]));
}

function contentOf({ body, bytes, ...row }: Row): StoredContent<StoredEvent> | LargeContent {
  if (body === null) return new LargeContent(Number(bytes));
  return readStored('event', row.id, () => storedEventOf(row, body));
}

function storedEventOf(
  { handler, backend_type, backend_id, ...row }: Omit<Row, 'body' | 'bytes'>,
  body: Buffer,
): StoredEvent {
  return {
    id: row.id,
    endpointId: row.endpoint_id,
    kind: row.kind,
    semantics: parseStored('semantics', row.semantics) as Semantics,
    headers: parseStored('headers', row.headers) as EventHeaders,
    body,
    receivedAt: Number(row.received_at),
    ...(handler !== null && { handler }),
    ...(backend_type !== null && backend_id !== null && { backend: { type: backend_type, id: backend_id } }),
  };
}
