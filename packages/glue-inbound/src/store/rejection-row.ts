import { newId } from 'glue-core';
import type { EventHeaders } from '../process/inbound-event.js';
import type { RejectionCause } from '../receive/refusal.js';
import { DETAIL_LENGTH, PATH_LENGTH } from './tables.js';

/** One inbound request that was refused. */
export interface NewRejection {
  readonly cause: RejectionCause;
  readonly detail: string;
  readonly path: string;
  readonly endpointId?: number;
  /** Redacted already. */
  readonly headers: EventHeaders;
  readonly body?: Buffer;
  readonly remoteAddress?: string;
}

/** A refused request as it was kept. */
export interface Rejection {
  readonly id: string;
  readonly endpointId: number | undefined;
  readonly path: string;
  readonly cause: RejectionCause;
  readonly detail: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** Others of the same endpoint, on the same host, that were not kept since the one before. */
  readonly droppedBefore: number;
  readonly headers: Readonly<Record<string, readonly string[]>>;
  /** The first bytes of the body, where the request was proven. */
  readonly bodyExcerpt: Buffer | undefined;
  readonly remoteAddress: string | undefined;
}

export interface RejectionRow {
  id: string;
  endpoint_id: number | null;
  path: string;
  cause: RejectionCause;
  detail: string;
  at: number;
  dropped_before: number;
  headers: string;
  body: Buffer | null;
  remote_address: string | null;
}

const BODY_BYTES = 1_024;
const HEADER_COUNT = 40;
const HEADER_LENGTH = 256;
const ADDRESS_LENGTH = 64;

/** A rejection as it is stored: cut, so that each takes a bounded place. */
export function rowOf(rejection: NewRejection, at: number, droppedBefore: number): RejectionRow {
  return {
    id: newId(),
    endpoint_id: rejection.endpointId ?? null,
    path: rejection.path.slice(0, PATH_LENGTH),
    cause: rejection.cause,
    detail: rejection.detail.slice(0, DETAIL_LENGTH),
    at,
    dropped_before: droppedBefore,
    headers: JSON.stringify(cutHeaders(rejection.headers)),
    body: rejection.body?.subarray(0, BODY_BYTES) ?? null,
    remote_address: rejection.remoteAddress?.slice(0, ADDRESS_LENGTH) ?? null,
  };
}

export function rejectionOf(row: RejectionRow): Rejection {
  return {
    id: row.id,
    endpointId: row.endpoint_id ?? undefined,
    path: row.path,
    cause: row.cause,
    detail: row.detail,
    at: Number(row.at),
    droppedBefore: row.dropped_before,
    headers: JSON.parse(row.headers) as Rejection['headers'],
    bodyExcerpt: row.body ?? undefined,
    remoteAddress: row.remote_address ?? undefined,
  };
}

function cutHeaders(headers: Rejection['headers']): Rejection['headers'] {
  return Object.fromEntries(
    Object.entries(headers)
      .slice(0, HEADER_COUNT)
      .map(([name, values]) => [
        name.slice(0, HEADER_LENGTH),
        values.slice(0, 4).map((value) => value.slice(0, HEADER_LENGTH)),
      ]),
  );
}
