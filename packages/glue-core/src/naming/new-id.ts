import { randomFillSync, randomInt } from 'node:crypto';
import { v7 } from 'uuid';

/** Goes into every id, one more each time, so that those of one millisecond are in order too. 32 bits. */
let sequence = randomInt(2 ** 31);

/** Random bytes of an id (RFC 9562 §5.7). Taken from the system for many at a time: one by one they cost as much as a signature. */
const ID_BYTES = 16;
const random = new Uint8Array(ID_BYTES * 1_024);
let used = random.length;

/**
 * A new id for an event, delivery or rejection: UUID version 7 (RFC 9562). Ids made by one process are in order, by
 * the time that they are given.
 * @param nowMs - Unix milliseconds. @defaultValue this host's own time
 */
export function newId(nowMs: number = Date.now()): string {
  sequence = (sequence + 1) >>> 0;
  return v7({ msecs: nowMs, seq: sequence, random: nextRandom() });
}

/** A new id that comes just after another one, whatever the time is. */
export function idAfter(id: string): string {
  return newId(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) + 1);
}

function nextRandom(): Uint8Array {
  if (used === random.length) {
    randomFillSync(random);
    used = 0;
  }
  return random.subarray(used, (used += ID_BYTES));
}
