import { jobs, type Database } from './database.js';
import type { JobRow } from './job-row.js';
import type { Changes } from './reschedule.js';

/**
 * Inserts `row`, or, where its unique key is taken, makes `changes` to the row that has it (none when left out).
 *
 * @returns the row as stored, or `row` where it was done and removed by the time it was read back.
 */
export async function upsert(database: Database, row: JobRow, changes?: Changes): Promise<JobRow> {
  const { unique_key } = row;
  // Not INSERT IGNORE, which in MySQL hides every other fault of a row too: a change to the same is no change.
  await jobs(database)
    .insert(row)
    .onConflict('unique_key')
    .merge(changes ?? { unique_key });
  return (await jobs(database).where({ unique_key }).first()) ?? row;
}
