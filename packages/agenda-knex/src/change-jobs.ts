import type { RemoveJobsOptions } from 'agenda';
import { jobs, type Database } from './database.js';
import { jobConditions } from './job-conditions.js';

/**
 * Removes the jobs selected; an empty selection removes none.
 *
 * @returns how many were removed.
 */
export async function removeJobs(database: Database, selection: RemoveJobsOptions): Promise<number> {
  return (await selected(database, selection)?.delete()) ?? 0;
}

/** Removes all jobs. */
export async function purgeAllJobs(database: Database): Promise<number> {
  return jobs(database).delete();
}

/**
 * Enables or disables the jobs selected; an empty selection changes none.
 *
 * @returns how many were changed: those that were so already do not count.
 */
export async function setDisabled(
  database: Database,
  selection: RemoveJobsOptions,
  disabled: 0 | 1,
): Promise<number> {
  const others = selected(database, selection)?.where({ disabled: 1 - disabled });
  return (await others?.update({ disabled })) ?? 0;
}

function selected(database: Database, selection: RemoveJobsOptions) {
  const conditions = jobConditions(database, selection);
  if (conditions.length === 0) return undefined;
  const matching = jobs(database);
  for (const condition of conditions) condition(matching);
  return matching;
}
