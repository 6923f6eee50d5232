import type { JobParameters, JobRepositoryOptions } from 'agenda';
import { jobs, type Database } from './database.js';
import { stateColumns, toDate, type JobRow, type StoredNumber } from './job-row.js';

/**
 * Saves what a run did to a job.
 *
 * When the run is over (`lockedAt` is gone) and the job was rescheduled while it was locked, the earlier of the two
 * times wins, and `job.nextRunAt` is set to it: otherwise Agenda would take a one-time job for finished and, with
 * `removeOnComplete`, remove it together with the run that was asked for.
 *
 * @throws Error when the job has no id, or is not in the database any more.
 */
export async function saveJobState(
  database: Database,
  job: JobParameters,
  options: JobRepositoryOptions | undefined,
): Promise<void> {
  if (!job._id) throw new Error(`job "${job.name}" has no _id: save it before its state`);
  const row = jobs(database).where({ id: job._id, name: job.name });
  const columns = {
    ...stateColumns(job),
    next_run_at: job.nextRunAt ? new Date(job.nextRunAt).getTime() : null,
    last_modified_by: options?.lastModifiedBy ?? null,
  };
  if (job.lockedAt) {
    if ((await row.clone().update(columns)) === 0) await mustExist(row, job);
    return;
  }
  let requested: StoredNumber | null = null;
  for (;;) {
    const nextRunAt = earliest(columns.next_run_at, requested);
    const changes = { ...columns, next_run_at: nextRunAt, requested_run_at: null };
    if ((await row.clone().where({ requested_run_at: requested }).update(changes)) > 0) {
      if (requested !== null) job.nextRunAt = toDate(nextRunAt) ?? null;
      return;
    }
    const stored = await mustExist(row, job);
    // A driver set to count changed rows, not found ones, says 0 where all was as it is now.
    if (stored.requested_run_at === requested) return;
    requested = stored.requested_run_at;
  }
}

type Row = ReturnType<typeof jobs>;

async function mustExist(row: Row, job: JobParameters): Promise<JobRow> {
  const stored = await row.clone().first();
  if (stored) return stored;
  throw new Error(`job "${job.name}" (${job._id}) is not in the database any more: its state was not saved`);
}

function earliest(a: number | null, b: StoredNumber | null): number | null {
  if (b === null) return a;
  return a === null ? Number(b) : Math.min(a, Number(b));
}
