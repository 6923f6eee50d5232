import {
  formatBackendReference,
  GlueError,
  inTransaction,
  messageOf,
  newId,
  PHASE,
  type BackendReference,
  type Database,
  type EffectKind,
  type Effects,
  type OutboundEndpointHandle,
  type QueuedDelivery,
  type Transaction,
} from 'glue-core';
import { checkDelivery, invalidDelivery, type CheckedDelivery } from './check-delivery.js';
import type { OutboundEndpoint } from './endpoint/endpoint-directory.js';
import { orderingKeyOf } from './render/ordering-key.js';
import { contentHash, keyedDeliveryId } from './store/content-hash.js';
import { insertDeliveries, type NewDeliveryRow } from './store/delivery-log.js';
import { queueNamedDrafts, type DraftToQueue } from './store/queue-drafts.js';
import { AfterCommit } from './wake/after-commit.js';

/** Deliveries that one attempt may queue: they commit with its outcome, and others wait for that commit. */
const MAX_PER_ATTEMPT = 10_000;

export interface DeliveryQueueOptions {
  readonly database: Database;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** An endpoint as it is now. */
  readonly find: (id: number) => OutboundEndpoint | undefined;
  /** Called after the commit: the lane has work, due at that time. */
  readonly wake: (lane: number, dueAt: number) => void;
}

/** Who asks, and with what it is to commit. */
export interface Asking {
  /** Absent where an app asks for an endpoint of its own. */
  readonly backend?: BackendReference | undefined;
  /** Those of the handler that asks, if one does. */
  readonly effects?: Effects | undefined;
}

/** Queues deliveries and drafts: in the caller's transaction, with the outcome of a handler, or by itself. */
export class DeliveryQueue {
  readonly #deliveries: EffectKind<NewDeliveryRow> = {
    name: 'deliveries',
    write: insertDeliveries,
    committed: (rows) => rows.forEach((row) => this.#wake(row)),
  };
  readonly #drafts: EffectKind<DraftToQueue> = {
    name: 'queued drafts',
    write: (trx, drafts) => queueNamedDrafts(trx, drafts, this.options.now()),
    committed: (drafts) => drafts.forEach(({ endpointId }) => this.options.wake(endpointId, 0)),
  };
  readonly #queuedBy = new WeakMap<Effects, number>();
  readonly #afterCommit: AfterCommit;

  constructor(private readonly options: DeliveryQueueOptions) {
    this.#afterCommit = new AfterCommit(options.wake);
  }

  /** An endpoint as its asker may use it. */
  handleOf({ id: endpointId, code }: OutboundEndpoint, asking: Asking): OutboundEndpointHandle {
    return {
      code,
      queueDelivery: async ({ transaction, draft = false, ...delivery }) => {
        const endpoint = this.#stillLinked(endpointId, code, asking.backend);
        const row = deliveryRow(endpoint, checkDelivery(delivery, code), draft, this.options.now());
        return this.#queue(row, code, transaction, asking.effects);
      },
      queueDraft: (id, { transaction } = {}) =>
        this.#queueDraft({ id, endpointId }, transaction, asking.effects),
    };
  }

  async #queue(
    row: NewDeliveryRow,
    endpointCode: string,
    transaction: Transaction | undefined,
    effects: Effects | undefined,
  ): Promise<QueuedDelivery> {
    if (transaction) {
      await insertDeliveries(transaction, [row]);
      if (row.delivery.phase !== null)
        this.#afterCommit.wake(transaction, row.delivery.endpoint_id, row.delivery.due_at);
    } else if (effects) {
      this.#countIn(effects);
      effects.add(this.#deliveries, row);
    } else {
      await inTransaction(this.options.database, (trx) => insertDeliveries(trx, [row]));
      this.#wake(row);
    }
    return { id: row.delivery.id, endpointCode };
  }

  async #queueDraft(
    draft: DraftToQueue,
    transaction: Transaction | undefined,
    effects: Effects | undefined,
  ): Promise<void> {
    const { database, now, wake } = this.options;
    if (transaction) {
      await queueNamedDrafts(transaction, [draft], now());
      this.#afterCommit.wake(transaction, draft.endpointId, 0);
    } else if (effects) {
      effects.add(this.#drafts, draft);
    } else {
      await inTransaction(database, (trx) => queueNamedDrafts(trx, [draft], now()));
      wake(draft.endpointId, 0);
    }
  }

  /** A handle may be kept for long; the endpoint may have been given to another backend since. */
  #stillLinked(id: number, code: string, backend: BackendReference | undefined): OutboundEndpoint {
    const endpoint = this.options.find(id);
    const asker = backend && formatBackendReference(backend);
    const owner = endpoint?.backend && formatBackendReference(endpoint.backend);
    if (endpoint && endpoint.state !== 'archived' && (asker === undefined || asker === owner))
      return endpoint;
    throw new GlueError(
      'GLUE_ENDPOINT_NOT_FOUND',
      `${asker === undefined ? 'the app' : `backend ${asker}`} has no outbound endpoint "${code}" any more`,
    );
  }

  #countIn(effects: Effects): void {
    const queued = (this.#queuedBy.get(effects) ?? 0) + 1;
    if (queued > MAX_PER_ATTEMPT)
      throw new GlueError(
        'GLUE_DELIVERY_LIMIT',
        `one attempt may queue ${MAX_PER_ATTEMPT} deliveries with its outcome, and this one queues more`,
      );
    this.#queuedBy.set(effects, queued);
  }

  #wake({ delivery }: NewDeliveryRow): void {
    if (delivery.phase !== null) this.options.wake(delivery.endpoint_id, delivery.due_at);
  }
}

function deliveryRow(
  endpoint: OutboundEndpoint,
  checked: CheckedDelivery,
  isDraft: boolean,
  nowMs: number,
): NewDeliveryRow {
  const { payload, context, headers, idempotencyKey, sendAt = 0 } = checked;
  const orderingKey = checked.orderingKey ?? endpointsOrderingKey(endpoint, checked) ?? null;
  const arrival = newId(nowMs);
  const id = idempotencyKey === undefined ? arrival : keyedDeliveryId(endpoint.id, idempotencyKey);
  return {
    delivery: {
      id,
      endpoint_id: endpoint.id,
      state: isDraft ? 'draft' : 'queued',
      phase: isDraft ? null : PHASE.first,
      due_at: Math.max(nowMs, sendAt),
      dated_at: sendAt > nowMs ? null : nowMs,
      ordering_key: orderingKey,
      // Nobody waits for a draft.
      open_key: isDraft ? null : orderingKey,
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

/** The key that the endpoint gives a delivery that names none. @throws GLUE_DELIVERY_INVALID where its source gives no key */
function endpointsOrderingKey(
  endpoint: OutboundEndpoint,
  { payload, context, headers }: CheckedDelivery,
): string | undefined {
  const { orderingKey } = endpoint.config;
  if (orderingKey === undefined) return undefined;
  try {
    return orderingKeyOf(orderingKey, { delivery: { context, endpoint }, payload, headers });
  } catch (error) {
    throw invalidDelivery(endpoint.code, [
      `orderingKey: ${messageOf(error)}, which gives the endpoint's deliveries their ordering key`,
    ]);
  }
}
