import type { BackendReference } from 'glue-core';
import type { EventHeaders } from '../process/inbound-event.js';
import type { Identity } from '../receive/identify.js';

/** A verified request, ready to be stored. */
export interface NewEvent extends Identity {
  readonly id: string;
  readonly endpointId: number;
  /** Secrets are left out already. */
  readonly headers: EventHeaders;
  readonly body: Buffer;
  readonly handler?: string;
  readonly backend?: BackendReference;
  /** A duplicate has the first event tried again at once, if it waits for a retry or is a dead letter. */
  readonly rearm: boolean;
}

/** The answer of the store: under which id the delivery is known. */
export interface Receipt {
  readonly eventId: string;
  readonly duplicate: boolean;
}
