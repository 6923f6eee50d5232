import { AUDIT } from '../audit/audit-log.js';
import type { Database } from '../database/database.js';
import { BULK_MOVES } from '../operate/bulk-move-table.js';
import { deleteOldRows } from './delete-old-rows.js';
import type { Deleting } from './in-batches.js';

/** Deletes old entries of the audit log, and bulk moves that ended before. @returns how many */
export async function deleteOldTraces(
  database: Database,
  beforeMs: number,
  deleting: Deleting,
): Promise<number> {
  const entries = await deleteOldRows(database, { table: AUDIT, time: 'at' }, beforeMs, deleting);
  // One that runs has no end yet.
  const bulk = await deleteOldRows(database, { table: BULK_MOVES, time: 'finished_at' }, beforeMs, deleting);
  return entries + bulk;
}
