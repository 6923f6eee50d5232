import type { DebounceOptions } from 'agenda';
import { jobs, type Database } from './database.js';
import { extendWindow, openWindow, type DebounceWindow } from './debounce.js';
import { rowToJob, toDate, type JobRow } from './job-row.js';
import { reschedule } from './reschedule.js';
import { upsert } from './upsert.js';

/** How often a save starts anew because the job it met was removed under its hands. */
const TRIES = 5;

/** Saves a job with a unique key so that saves in quick succession make one run. */
export async function saveDebounced(
  database: Database,
  row: JobRow,
  changes: Partial<JobRow>,
  debounce: DebounceOptions,
): Promise<JobRow> {
  const now = new Date(database.now());
  const asked = toDate(row.next_run_at) ?? null;
  const first = { ...row, ...windowColumns(openWindow(asked, debounce, now)) };

  for (let tried = 1; tried <= TRIES; tried++) {
    const stored = await upsert(database, first);
    if (stored.id === row.id) return stored;
    const window = extendWindow(windowOf(stored), asked, debounce, now);
    // Two saves at one moment both write what follows from the same row: nearly the same, so the last may win.
    const rows = jobs(database).where({ id: stored.id });
    await rows
      .clone()
      .update(reschedule(database, { ...changes, next_run_at: undefined, ...windowColumns(window) }));
    const saved = await rows.first();
    if (saved) return saved;
  }
  throw new Error(`job "${row.name}" was removed ${TRIES} times while it was being saved`);
}

function windowOf(row: JobRow): DebounceWindow {
  const { nextRunAt, debounceStartedAt } = rowToJob(row);
  return { nextRunAt, debounceStartedAt };
}

/** Without a time to run at, the column is left out, and so left alone. */
function windowColumns({ nextRunAt, debounceStartedAt }: Partial<DebounceWindow>): Partial<JobRow> {
  const started = { debounce_started_at: debounceStartedAt?.getTime() ?? null };
  return nextRunAt ? { ...started, next_run_at: nextRunAt.getTime() } : started;
}
