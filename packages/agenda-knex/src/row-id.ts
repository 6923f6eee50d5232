import { randomBytes } from 'node:crypto';

/** Makes ids of rows. */
export type MakeRowId = () => string;

/**
 * Gives a maker of UUIDs (version 7), each greater than the one before it.
 *
 * Ids are made here, not by the database: a repeated INSERT after a deadlock is then the same INSERT, no statement
 * depends on RETURNING or on an auto-increment, and what is written within one millisecond keeps its order.
 */
export function rowIds(now: () => number): MakeRowId {
  let time = 0;
  let sequence = 0;
  return () => {
    const current = now();
    if (current > time) [time, sequence] = [current, 0];
    else if (++sequence > 0xfff) [time, sequence] = [time + 1, 0];
    return uuid(time, sequence);
  };
}

function uuid(time: number, sequence: number): string {
  const random = randomBytes(8);
  random[0] = 0x80 | ((random[0] ?? 0) & 0x3f);
  const [stamp, order, tail] = [hex(time, 12), hex(sequence, 3), random.toString('hex')];
  return `${stamp.slice(0, 8)}-${stamp.slice(8)}-7${order}-${tail.slice(0, 4)}-${tail.slice(4)}`;
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, '0');
}
