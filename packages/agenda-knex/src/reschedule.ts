import type { Database } from './database.js';
import type { JobRow } from './job-row.js';

/** Columns to write, some of them computed by the database. */
export type Changes = Record<string, unknown>;

/**
 * Gives changes by the user their effect on the next run.
 *
 * While a job is locked, Agenda works on a copy of it and writes that copy's `nextRunAt` when the run ends. A new
 * time saved meanwhile would be lost; so it is kept aside as well, for {@link saveJobState} to carry out.
 */
export function reschedule({ knex, tables }: Database, columns: Partial<JobRow>): Changes {
  const at = columns.next_run_at;
  if (at === null || at === undefined) return columns;
  const lock = `${tables.jobs}.locked_at`;
  const requested = knex.raw('case when ?? is null then null else coalesce(?, ??) end', [lock, at, lock]);
  // First: MySQL sets columns from left to right, and this one reads the lock as it was.
  return { requested_run_at: requested, ...columns };
}
