import {
  inTransaction,
  newId,
  PHASE,
  type Database,
  type EffectKind,
  type Effects,
  type NewDelivery,
  type OutboundEndpointHandle,
  type QueuedDelivery,
  type Transaction,
} from 'glue-core';
import { checkDelivery, type CheckedDelivery } from './check-delivery.js';
import type { OutboundEndpoint } from './endpoint/endpoint-directory.js';
import { contentHash, keyedDeliveryId } from './store/content-hash.js';
import { insertDeliveries, type NewDeliveryRow } from './store/delivery-log.js';

export interface DeliveryQueueOptions {
  readonly database: Database;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Called after the commit: the lane has work, due at that time. */
  readonly wake: (lane: number, dueAt: number) => void;
}

/** Queues deliveries: in the caller's transaction, with the outcome of a handler, or by itself. */
export class DeliveryQueue {
  readonly #effect: EffectKind<NewDeliveryRow> = {
    name: 'deliveries',
    write: insertDeliveries,
    committed: (rows) => this.#committed(rows),
  };

  constructor(private readonly options: DeliveryQueueOptions) {}

  /** An endpoint as its backend may use it. @param effects - those of the handler that asks, if one does */
  handleOf(endpoint: OutboundEndpoint, effects?: Effects): OutboundEndpointHandle {
    return {
      code: endpoint.code,
      queueDelivery: ({ transaction, ...delivery }) => this.#queue(endpoint, delivery, transaction, effects),
    };
  }

  async #queue(
    endpoint: OutboundEndpoint,
    delivery: NewDelivery,
    transaction: Transaction | undefined,
    effects: Effects | undefined,
  ): Promise<QueuedDelivery> {
    const row = deliveryRow(endpoint, checkDelivery(delivery, endpoint.code), this.options.now());
    if (transaction) {
      await insertDeliveries(transaction, [row]);
      // Rolled back, there is nothing to wake for; the caller hears of it elsewhere.
      transaction.executionPromise.then(
        () => this.#committed([row]),
        () => {},
      );
    } else if (effects) {
      effects.add(this.#effect, row);
    } else {
      await inTransaction(this.options.database, (trx) => insertDeliveries(trx, [row]));
      this.#committed([row]);
    }
    return { id: row.delivery.id, endpointCode: endpoint.code };
  }

  #committed(rows: readonly NewDeliveryRow[]): void {
    for (const { delivery } of rows) this.options.wake(delivery.endpoint_id, delivery.due_at);
  }
}

function deliveryRow(endpoint: OutboundEndpoint, checked: CheckedDelivery, nowMs: number): NewDeliveryRow {
  const { payload, context, headers, idempotencyKey, orderingKey, sendAt = 0 } = checked;
  const arrival = newId();
  const id = idempotencyKey === undefined ? arrival : keyedDeliveryId(endpoint.id, idempotencyKey);
  return {
    delivery: {
      id,
      endpoint_id: endpoint.id,
      state: 'queued',
      phase: PHASE.first,
      due_at: Math.max(nowMs, sendAt),
      ordering_key: orderingKey ?? null,
      open_key: orderingKey ?? null,
      arrival,
      idempotency_key: idempotencyKey ?? null,
      content_hash: contentHash(payload, context, headers),
      backend_type: endpoint.backend?.type ?? null,
      backend_id: endpoint.backend?.id ?? null,
      original_id: null,
      created_at: nowMs,
    },
    content: {
      delivery_id: id,
      payload: payload === undefined ? null : JSON.stringify(payload),
      context: JSON.stringify(context),
      headers: JSON.stringify(headers),
    },
  };
}
