import type { BackendReference, GlueError, Json, WorkItem } from 'glue-core';
import type { Delivery } from '../delivery.js';
import type { OutboundEndpoint } from '../endpoint/endpoint-directory.js';
import type { ReadyTarget } from './dispatch-target.js';

/** A stored delivery with what the queue needs to know. */
export interface OutboundItem extends WorkItem {
  /** Who works on it, as it was when it was claimed. */
  readonly target: ReadyTarget;
  /** Failures so far that used up a retry. */
  readonly failures: number;
  readonly payload?: Json;
  readonly context: Readonly<Record<string, Json>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly backend?: BackendReference;
  readonly createdAt: number;
}

/** A stored delivery that cannot be read. */
export interface UnreadableItem extends WorkItem {
  readonly unreadable: GlueError;
}

/** The delivery as hooks see it in one attempt. */
export function deliveryOf(item: OutboundItem, endpoint: OutboundEndpoint, attempt: number): Delivery {
  const { id, payload, context, headers, idempotencyKey, backend, createdAt } = item;
  const { id: endpointId, code, suffix, name, company } = endpoint;
  return {
    id,
    ...(payload !== undefined && { payload }),
    context,
    headers,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
    attempt,
    endpoint: { id: endpointId, code, suffix, name, company },
    ...(backend && { backend }),
    createdAt,
  };
}
