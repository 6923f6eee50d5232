import { newId } from 'glue-core';
import type { NewEvent } from '../../src/store/new-event.js';

/** An event of endpoint 1 that nobody stored yet, with bytes that are no text. */
export const newEvent = (changes: Partial<NewEvent> = {}): NewEvent => ({
  id: newId(),
  endpointId: 1,
  semantics: { event_type: 'order.paid' },
  deliveryKey: newId(),
  deliveryKeySource: 'delivery_id',
  headers: { 'x-topic': ['orders'] },
  body: Buffer.from([0, 1, 2, 255]),
  rearm: true,
  ...changes,
});
