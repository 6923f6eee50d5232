import { computeJobState, type JobsQueryOptions, type JobsResult, type JobsSort } from 'agenda';
import { jobs, type Database } from './database.js';
import { orderBy } from './dialect.js';
import { jobConditions, nameContains } from './job-conditions.js';
import { rowToJob, type JobRow } from './job-row.js';
import { inState } from './job-state.js';

const NEWEST_FIRST: JobsSort = { nextRunAt: 'desc', lastRunAt: 'desc' };

/** Finds jobs; filters, order and paging are the database's work, so a page costs a page. */
export async function queryJobs(database: Database, options: JobsQueryOptions = {}): Promise<JobsResult> {
  const { search, state, includeDisabled = true, sort = {}, skip = 0, limit = 0 } = options;
  const now = database.now();

  const matching = jobs(database);
  for (const condition of jobConditions(database, options)) condition(matching);
  if (search) nameContains(search)(matching);
  if (!includeDisabled) matching.where({ disabled: 0 });
  if (state) inState(database.knex, state, now)(matching);

  const total = await matching.clone().count({ total: '*' });
  const order = Object.values(sort).some(Boolean) ? sort : NEWEST_FIRST;
  const page = matching.clone().select('*').orderBy(orderBy(database.dialect, order));
  if (limit > 0) page.limit(limit);
  if (skip > 0) page.offset(skip);
  const rows: JobRow[] = await page;

  return { jobs: rows.map((row) => withState(row, now)), total: Number(total[0]?.total) };
}

function withState(row: JobRow, now: number): JobsResult['jobs'][number] {
  const job = rowToJob(row);
  return { ...job, state: computeJobState(job, new Date(now)) };
}

/** Finds one job. */
export async function getJobById(database: Database, id: string) {
  const row = await jobs(database).where({ id }).first();
  return row ? rowToJob(row) : null;
}
