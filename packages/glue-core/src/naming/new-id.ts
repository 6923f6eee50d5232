import { v7 } from 'uuid';

/** A new id for an event, delivery or rejection: UUID version 7 (RFC 9562), so ids made by one process are in order. */
export function newId(): string {
  return v7();
}
