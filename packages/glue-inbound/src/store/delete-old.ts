import {
  deleteFinishedWork,
  deleteOldestRows,
  deleteOldRows,
  type Database,
  type DeleteOld,
} from 'glue-core';
import { eventTable, PAYLOADS, REJECTIONS } from './tables.js';

const events = { table: eventTable, arrivedAt: 'received_at', beside: { [PAYLOADS]: 'event_id' } };
const rejections = { table: REJECTIONS, time: 'at' };
/** Rejections kept in all, however young: a flood cannot fill the disk. */
const MAX_REJECTIONS = 50_000;

/** How old events and rejections are deleted. */
export function deleteOldFrom(database: Database): {
  readonly events: DeleteOld;
  readonly rejections: DeleteOld;
} {
  return {
    events: (beforeMs, deleting) => deleteFinishedWork(database, events, beforeMs, deleting),
    rejections: async (beforeMs, deleting) =>
      (await deleteOldRows(database, rejections, beforeMs, deleting)) +
      (await deleteOldestRows(database, rejections, MAX_REJECTIONS, deleting)),
  };
}
