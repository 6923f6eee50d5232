import type { JobsOverview, JobState } from 'agenda';
import { jobs, type Database } from './database.js';
import type { StoredNumber } from './job-row.js';
import { stateExpression } from './job-state.js';

interface Group {
  name: string;
  state: JobState;
  disabled: StoredNumber;
  total: StoredNumber;
}

/** Counts jobs by name and state, in one query. A disabled job counts as paused, and in its state too. */
export async function getJobsOverview(database: Database): Promise<JobsOverview[]> {
  const { knex, now } = database;
  const states = jobs(database).select('name', 'disabled', { state: stateExpression(knex, now()) });
  const groups = (await knex
    .from(states.as('states'))
    .select('name', 'state', 'disabled')
    .count({ total: '*' })
    .groupBy('name', 'state', 'disabled')
    .orderBy('name')) as Group[];

  const overviews = new Map<string, JobsOverview>();
  for (const { name, state, disabled, total } of groups) {
    const overview = overviews.get(name) ?? emptyOverview(name);
    const count = Number(total);
    overview.total += count;
    overview[state] += count;
    if (Number(disabled) === 1) overview.paused += count;
    overviews.set(name, overview);
  }
  return [...overviews.values()];
}

function emptyOverview(name: string): JobsOverview {
  return {
    name,
    total: 0,
    running: 0,
    scheduled: 0,
    queued: 0,
    completed: 0,
    failed: 0,
    repeating: 0,
    paused: 0,
  };
}

/** Every job name in use, in alphabetical order. */
export async function getDistinctJobNames(database: Database): Promise<string[]> {
  const rows: { name: string }[] = await jobs(database).distinct('name').orderBy('name');
  return rows.map(({ name }) => name);
}

/** Counts jobs whose time has come, locked and disabled ones among them. */
export async function getQueueSize(database: Database): Promise<number> {
  const [row] = await jobs(database).where('next_run_at', '<', database.now()).count({ total: '*' });
  return Number(row?.total);
}
