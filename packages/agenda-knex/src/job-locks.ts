import type { JobParameters, JobRepositoryOptions } from 'agenda';
import { jobs, type Database } from './database.js';
import { rowToJob, type StoredJob } from './job-row.js';

/** SQLite takes at most 32,766 values in a statement; a stopping host may hold more locks than that. */
const IDS_AT_ONCE = 1000;

/**
 * Locks this very job, if it is enabled, unlocked and still due when the caller thinks it is.
 *
 * @returns the job as locked, or `undefined`.
 */
export async function lockJob(
  database: Database,
  job: JobParameters,
  options: JobRepositoryOptions | undefined,
): Promise<StoredJob | undefined> {
  if (!job._id) return undefined;
  const { _id: id, name } = job;
  const next_run_at = job.nextRunAt ? new Date(job.nextRunAt).getTime() : null;
  const locked = await jobs(database)
    .where({ id, name, locked_at: null, next_run_at, disabled: 0 })
    .update({
      locked_at: database.now(),
      requested_run_at: null,
      last_modified_by: options?.lastModifiedBy ?? null,
    });
  if (locked !== 1) return undefined;
  const row = await jobs(database).where({ id }).first();
  return row && rowToJob(row);
}

/**
 * Gives back a lock that was not used.
 *
 * Left alone are a job that has no next run (it is being run), and a lock other than the one the caller bears: it
 * expired, and another process took the job over.
 */
export async function unlockJob(database: Database, job: JobParameters): Promise<void> {
  if (!job._id) return;
  const own = job.lockedAt ? { id: job._id, locked_at: new Date(job.lockedAt).getTime() } : { id: job._id };
  await jobs(database).where(own).whereNotNull('next_run_at').update({ locked_at: null });
}

/** Gives back locks whatever their jobs are at. */
export async function unlockJobs(database: Database, ids: readonly string[]): Promise<void> {
  for (let from = 0; from < ids.length; from += IDS_AT_ONCE) {
    const some = ids.slice(from, from + IDS_AT_ONCE);
    await jobs(database).whereIn('id', some).update({ locked_at: null });
  }
}
