import type { JobParameters, JobRepositoryOptions } from 'agenda';
import { jobs, type Database } from './database.js';
import type { MakeRowId } from './row-id.js';
import { changedColumns, newRow, rowToJob, type JobRow, type StoredJob } from './job-row.js';
import { reschedule, type Changes } from './reschedule.js';
import { saveDebounced } from './save-debounced.js';
import { singleKey, uniqueKey } from './unique-key.js';
import { upsert } from './upsert.js';

/**
 * Saves a job: updates it by `_id`, or else inserts it, or updates the one of its name (`single`) or `unique` key.
 *
 * Inserting comes first and the unique index decides, so processes that save at once agree on one job. A save never
 * touches a lock, nor what the processor wrote.
 */
export async function saveJob<DATA>(
  database: Database,
  makeId: MakeRowId,
  job: JobParameters<DATA>,
  options: JobRepositoryOptions | undefined,
): Promise<JobParameters<DATA>> {
  const lastModifiedBy = options?.lastModifiedBy;
  const changes = changedColumns(job, lastModifiedBy);
  if (job._id) return updateById<DATA>(database, { ...job, _id: job._id }, changes);

  const row = newRow(job, { id: makeId(), uniqueKey: uniqueKey(job), lastModifiedBy });
  if (row.unique_key === null) {
    await jobs(database).insert(row);
    return rowToJob<DATA>(row);
  }
  if (job.type === 'single')
    return rowToJob<DATA>(await upsert(database, row, singleChanges(database, job, changes)));
  const { insertOnly, debounce } = job.uniqueOpts ?? {};
  if (debounce) return rowToJob<DATA>(await saveDebounced(database, row, changes, debounce));
  return rowToJob<DATA>(await upsert(database, row, insertOnly ? undefined : reschedule(database, changes)));
}

async function updateById<DATA>(
  database: Database,
  job: StoredJob<DATA>,
  changes: Partial<JobRow>,
): Promise<JobParameters<DATA>> {
  const key = singleKey(job.name);
  const stored = jobs(database).where({ id: job._id, name: job.name });
  await stored.clone().update({
    ...reschedule(database, changes),
    // A job may become the single one of its name, or cease to be; any other key stays.
    unique_key: job.type === 'single' ? key : database.knex.raw('nullif(??, ?)', ['unique_key', key]),
  });
  const row = await stored.first();
  // Removed meanwhile, as a finished job may be: nothing to update, and nothing to complain about.
  return row ? rowToJob<DATA>(row) : job;
}

/** A start that registers its repeating job again ("now, then every hour") must not pull the stored run forward. */
function singleChanges(database: Database, job: JobParameters, changes: Partial<JobRow>): Changes {
  if (!job.nextRunAt || new Date(job.nextRunAt).getTime() > database.now())
    return reschedule(database, changes);
  const { next_run_at: asked = null, ...others } = changes;
  const stored = `${database.tables.jobs}.next_run_at`;
  return { ...others, next_run_at: database.knex.raw('coalesce(??, ?)', [stored, asked]) };
}
