import type { IncomingMessage } from 'node:http';
import type { Clock } from 'glue-core';
import type { Challenge } from '../endpoint/challenge.js';
import type { NewEvent } from '../store/new-event.js';
import type { Admission } from './admission.js';
import type { BodyMemory } from './body-memory.js';
import type { RawRequest } from './raw-request.js';
import type { Refusal } from './refusal.js';

/** A request of which only the headers are known. */
export interface Arrival {
  readonly incoming: IncomingMessage;
  /** HEAD counts as GET. */
  readonly method: Challenge['method'];
  /** Path and query. */
  readonly url: string;
  /** Who calls, where that is known. */
  readonly address: () => string | undefined;
}

/** What a request is received with. */
export interface ReceiveTools {
  readonly clock: Clock;
  /** The shared time, by which freshness is measured: a host whose own clock is off refuses nobody. */
  readonly now: () => number;
  readonly admission: Admission;
  readonly memory: BodyMemory;
  /** Stores an event; resolves with the id under which the delivery is known. */
  readonly append: (event: NewEvent) => Promise<string>;
}

/** What came of a request that is not accepted. */
export interface Refused {
  readonly refusal: Refusal;
  /** Set once the request is proven; what is not is never kept. */
  readonly proven?: RawRequest;
}
