import type { BackendReference, Json, Logger, NextStep, Outcome } from 'glue-core';
import type { HttpMethod } from './endpoint/http-method.js';

/** The duty to make one outbound request, as hooks and handlers see it. */
export interface Delivery {
  readonly id: string;
  /** What was queued; absent when the request has no body. */
  readonly payload?: Json;
  /** What was queued, with `idempotency_key` filled in. */
  readonly context: Readonly<Record<string, Json>>;
  /** What was queued; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  /** Number of this attempt, 1 for the first. */
  readonly attempt: number;
  readonly endpoint: {
    readonly id: number;
    readonly code: string;
    readonly suffix: string;
    readonly name: string;
    readonly company: string;
  };
  /** Whose the endpoint was when this was queued; it may have been linked to another since. */
  readonly backend?: BackendReference;
  /** Unix milliseconds. */
  readonly createdAt: number;
}

/** One request, ready to be sent. */
export interface OutboundRequest {
  readonly method: HttpMethod;
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** What a multipart body is made of, for the log. */
  readonly parts?: readonly BodyPart[];
}

/** One field of a multipart body. */
export type BodyPart =
  | { readonly name: string; readonly text: string }
  | {
      readonly name: string;
      readonly file: {
        readonly name: string;
        readonly type: string;
        /** Bytes. */
        readonly size: number;
        readonly sha256: string;
      };
    };

/** What a receiver answered. */
export interface OutboundResponse {
  readonly status: number;
  /** Names in lower case; values of a repeated header are joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  /** As UTF-8 text, the first 64 KiB. */
  readonly body: string;
  /** Whether the body was longer than what was kept. */
  readonly truncated: boolean;
}

/** What belongs to one call of a hook or handler. */
export interface DispatchContext {
  /** 1 for the first. */
  readonly attempt: number;
  /** Aborted at the deadline of hooks, and when the host stops or loses its lease. */
  readonly signal: AbortSignal;
  readonly logger: Logger;
}

/** What a hook or handler changes in the rendered request; what is left out stays as it is. */
export interface RequestOverrides {
  readonly method?: HttpMethod | undefined;
  /** With http or https, without user, password and fragment. */
  readonly url?: string | undefined;
  /** Merged without regard to case. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Goes as it is, under the content type that the request has; null: no body and no content type. */
  readonly body?: string | Uint8Array | null | undefined;
}

/** What `handleDelivery` decides: to send, or that nothing needs to be sent by Glue. */
export type DispatchOutcome = Outcome | { readonly kind: 'send'; readonly overrides?: RequestOverrides };

/** Let Glue send the rendered request, changed or not. */
export const send = (overrides?: RequestOverrides): DispatchOutcome => ({
  kind: 'send',
  ...(overrides !== undefined && { overrides }),
});

/** What becomes of a delivery after a response. */
export type DeliveryState = NextStep['state'];

/** Code that a connector registers to shape the deliveries of an endpoint. It wins over the backend's hook. */
export interface OutboundHandler {
  handleDelivery(
    delivery: Delivery,
    request: OutboundRequest,
    context: DispatchContext,
  ): Promise<DispatchOutcome> | DispatchOutcome;
}

/** Whether what a connector's handler class builds is for this side. */
export function isOutboundHandler(built: object): built is OutboundHandler {
  return 'handleDelivery' in built && typeof built.handleDelivery === 'function';
}
