import {
  type AbstractConstructor,
  type ConnectorBackend,
  GlueError,
  type OutboundEndpointHandle,
  type OutboundSelector,
  type Outcome,
} from 'glue-core';
import type {
  Delivery,
  DeliveryState,
  DispatchContext,
  DispatchOutcome,
  OutboundRequest,
  OutboundResponse,
} from './delivery.js';

type Eventually<T> = Promise<T> | T;

/** What the outbound side offers to a backend instance: the endpoints that are linked to this backend, no others. */
export interface OutboundEndpoints {
  /** @throws GLUE_ENDPOINT_AMBIGUOUS */
  find(selector: OutboundSelector): OutboundEndpointHandle | undefined;
  /** @throws GLUE_ENDPOINT_NOT_FOUND, GLUE_ENDPOINT_AMBIGUOUS */
  get(selector: OutboundSelector): OutboundEndpointHandle;
}

/** Under this token the outbound side offers {@link OutboundEndpoints}. Registered, so that copies of this package agree. */
export const OUTBOUND_ENDPOINTS = Symbol.for('glue:outbound-endpoints');

/**
 * What a backend class can do about its deliveries. Called in this order: gate, base URL, headers, handler, and
 * after each response the last one. Each is optional, and each has a deadline of its own: the endpoint's `deadlineMs`,
 * ten seconds for the last one. What they are given is frozen. What they throw, and an answer that cannot be used,
 * fails the attempt with the cause `gate` or `handler`; it is tried again by the endpoint's policy.
 * @since contract 1
 */
export interface OutboundHooks {
  /**
   * Finds an outbound endpoint that is linked to this backend. The suffix wins over the code.
   * @throws GLUE_ENDPOINT_NOT_FOUND naming what was asked; GLUE_ENDPOINT_AMBIGUOUS when several match; GLUE_SIDE_ABSENT
   */
  outboundEndpoint(selector?: OutboundSelector & { required?: true }): Promise<OutboundEndpointHandle>;
  /** The same, but undefined when there is none. */
  outboundEndpoint(
    selector: OutboundSelector & { required: boolean },
  ): Promise<OutboundEndpointHandle | undefined>;

  /** The gate: an outcome ends the attempt before anything is rendered, nothing means go. */
  checkDispatchAllowed?(delivery: Delivery, context: DispatchContext): Eventually<Outcome | undefined>;

  /** Scheme and host of the receiver; wins over the endpoint's own. */
  outboundBaseUrl?(delivery?: Delivery): Eventually<string | undefined>;

  /** Headers merged last, without regard to case. */
  outboundHeaders?(delivery: Delivery): Eventually<Readonly<Record<string, string>> | undefined>;

  /** Full control: `send()`, with changes or without, or an outcome when nothing is left to send. */
  handleDelivery?(
    delivery: Delivery,
    request: OutboundRequest,
    context: DispatchContext,
  ): Eventually<DispatchOutcome>;

  /**
   * Called after each response, when its meaning is settled. An error is recorded on the attempt and changes nothing.
   * @param state - what becomes of the delivery
   */
  handleResponse?(delivery: Delivery, response: OutboundResponse, state: DeliveryState): Eventually<void>;
}

/** Opts a backend class in to the outbound side. */
export function OutboundBackend<
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- settings of any backend class will do
  B extends AbstractConstructor<ConnectorBackend<any>>,
>(Base: B): B & AbstractConstructor<OutboundHooks> {
  abstract class WithOutbound extends Base {
    outboundEndpoint(selector?: OutboundSelector & { required?: true }): Promise<OutboundEndpointHandle>;
    outboundEndpoint(
      selector: OutboundSelector & { required: boolean },
    ): Promise<OutboundEndpointHandle | undefined>;
    async outboundEndpoint({
      required = true,
      ...selector
    }: OutboundSelector & { required?: boolean } = {}): Promise<OutboundEndpointHandle | undefined> {
      const endpoints = this.port(OUTBOUND_ENDPOINTS) as OutboundEndpoints | undefined;
      if (!endpoints) {
        throw new GlueError(
          'GLUE_SIDE_ABSENT',
          `backend ${this.type},${this.id} asks for an outbound endpoint, but the outbound side is not installed`,
        );
      }
      return required ? endpoints.get(selector) : endpoints.find(selector);
    }
  }
  return WithOutbound;
}

/** Whether a backend's class is opted in to this side. */
export function hasOutboundHooks(backend: ConnectorBackend): backend is ConnectorBackend & OutboundHooks {
  return 'outboundEndpoint' in backend;
}
