import type { Transaction } from '../database/database.js';

/** JSON of any shape. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Which of a backend's outbound endpoints is meant; the suffix wins over the code. */
export interface OutboundSelector {
  readonly codeSuffix?: string;
  readonly code?: string;
}

/** What to deliver. */
export interface NewDelivery {
  /** The body, before the endpoint's rules. Files are put in by `attachFile`. */
  readonly payload?: Json;
  /** Values for path tokens and rules; they keep their JSON type. */
  readonly context?: Readonly<Record<string, Json>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** The same key with the same content gives the same delivery; with other content it is a conflict. */
  readonly idempotencyKey?: string;
  /** Deliveries of one key go one at a time, in the order in which they were queued. @defaultValue what the endpoint's `orderingKey` gives */
  readonly orderingKey?: string;
  /** Not before this time, Unix milliseconds; a time that is past is now. Later ones of its ordering key wait for it. */
  readonly sendAt?: number;
  /** Keeps it as a draft, which goes nowhere until it is queued. @defaultValue false */
  readonly draft?: boolean;
}

/** The duty to make one outbound request, as its asker sees it. */
export interface QueuedDelivery {
  readonly id: string;
  readonly endpointCode: string;
}

/** One outbound endpoint, as a backend may use it. */
export interface OutboundEndpointHandle {
  readonly code: string;
  /**
   * Queues a delivery.
   * @param delivery.transaction - commits together with the caller's own changes; absent inside a handler, where
   *   the delivery commits together with the outcome
   * @throws GLUE_DELIVERY_CONFLICT, GLUE_DELIVERY_INVALID; GLUE_DELIVERY_LIMIT when one attempt queues too many;
   *   GLUE_ENDPOINT_NOT_FOUND when the endpoint is no longer linked to the backend
   */
  queueDelivery(delivery: NewDelivery & { readonly transaction?: Transaction }): Promise<QueuedDelivery>;
  /**
   * Queues a draft of this endpoint. Its place in the order is that of now.
   * @param options.transaction - as for `queueDelivery`
   * @throws GLUE_DELIVERY_NOT_FOUND; GLUE_WORK_STATE when it is a draft no more
   */
  queueDraft(id: string, options?: { readonly transaction?: Transaction }): Promise<void>;
}

/** The way from a handler to the outbound side. Declared here since the two sides never import each other. */
export interface OutboundGateway {
  /**
   * Finds an outbound endpoint of the backend that handles the event.
   * @throws GLUE_ENDPOINT_NOT_FOUND naming what was asked, GLUE_ENDPOINT_AMBIGUOUS when several match
   */
  outboundEndpoint(selector?: OutboundSelector): Promise<OutboundEndpointHandle>;
}
