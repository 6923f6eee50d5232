import { inspect } from 'node:util';
import { toJobId, type JobId, type JobParameters } from 'agenda';

/** A number as drivers give it: BIGINT comes as text from pg, and from mysql2 where it is set so. */
export type StoredNumber = number | string;

/** One row of the jobs table. Times are Unix milliseconds, flags 0 or 1. */
export interface JobRow {
  id: string;
  name: string;
  type: string;
  priority: StoredNumber;
  next_run_at: StoredNumber | null;
  /** When somebody rescheduled the job while it was locked: where its next run goes once the lock is over. */
  requested_run_at: StoredNumber | null;
  locked_at: StoredNumber | null;
  last_run_at: StoredNumber | null;
  last_finished_at: StoredNumber | null;
  failed_at: StoredNumber | null;
  fail_count: StoredNumber | null;
  fail_reason: string | null;
  progress: StoredNumber | null;
  disabled: StoredNumber;
  repeat_interval: string | null;
  repeat_at: string | null;
  repeat_timezone: string | null;
  data: string | null;
  fork: StoredNumber | null;
  start_date: StoredNumber | null;
  end_date: StoredNumber | null;
  skip_days: string | null;
  debounce_started_at: StoredNumber | null;
  last_modified_by: string | null;
  unique_key: string | null;
}

/** A job as read from the table. */
export type StoredJob<DATA = unknown> = JobParameters<DATA> & { _id: JobId };

const LONGEST_NAME = 255;

/**
 * What a save by the user writes: the whole schedule and the data, absent fields as NULL.
 *
 * @throws Error when the name is empty or too long, a date is invalid, or `data` has no JSON form.
 */
function scheduleColumns(job: JobParameters, lastModifiedBy: string | undefined) {
  if (!job.name || job.name.length > LONGEST_NAME) {
    throw new Error(`a job name has 1 to ${LONGEST_NAME} characters, not ${job.name.length}: "${job.name}"`);
  }
  return {
    name: job.name,
    type: job.type,
    priority: job.priority,
    next_run_at: milliseconds(job, 'nextRunAt'),
    repeat_interval: job.repeatInterval ? JSON.stringify(job.repeatInterval) : null,
    repeat_at: job.repeatAt ?? null,
    repeat_timezone: job.repeatTimezone ?? null,
    data: jsonText(job),
    fork: job.fork === undefined || job.fork === null ? null : Number(job.fork),
    start_date: milliseconds(job, 'startDate'),
    end_date: milliseconds(job, 'endDate'),
    skip_days: job.skipDays ? JSON.stringify(job.skipDays) : null,
    debounce_started_at: milliseconds(job, 'debounceStartedAt'),
    last_modified_by: lastModifiedBy ?? null,
  } satisfies Partial<JobRow>;
}

/** What the job processor writes while a job runs and when it ends: absent fields as NULL. */
export function stateColumns(job: JobParameters) {
  return {
    locked_at: milliseconds(job, 'lockedAt'),
    last_run_at: milliseconds(job, 'lastRunAt'),
    last_finished_at: milliseconds(job, 'lastFinishedAt'),
    failed_at: milliseconds(job, 'failedAt'),
    fail_count: job.failCount ?? null,
    fail_reason: reasonText(job.failReason),
    progress: Number.isFinite(job.progress) ? (job.progress ?? null) : null,
  } satisfies Partial<JobRow>;
}

/**
 * Of the state, what a save by the user carries, and nothing else.
 *
 * Agenda leaves state out of such saves. Writing NULL for it would unlock a job that is running, and let the next
 * start of a process enable what an operator disabled.
 */
function givenStateColumns(job: JobParameters): Partial<JobRow> {
  const given = Object.entries(stateColumns(job)).filter(([, value]) => value !== null);
  const disabled =
    job.disabled === undefined || job.disabled === null ? {} : { disabled: Number(job.disabled) };
  return { ...Object.fromEntries(given), ...disabled };
}

/** The row a job starts as. */
export function newRow(
  job: JobParameters,
  {
    id,
    uniqueKey,
    lastModifiedBy,
  }: { id: string; uniqueKey: string | null; lastModifiedBy: string | undefined },
): JobRow {
  return {
    id,
    unique_key: uniqueKey,
    requested_run_at: null,
    disabled: Number(job.disabled ?? false),
    ...stateColumns(job),
    ...scheduleColumns(job, lastModifiedBy),
  };
}

/** What a save of a job that is stored already changes. */
export function changedColumns(job: JobParameters, lastModifiedBy: string | undefined): Partial<JobRow> {
  return { ...givenStateColumns(job), ...scheduleColumns(job, lastModifiedBy) };
}

/** Reads a row back as Agenda knows it. */
export function rowToJob<DATA = unknown>(row: JobRow): StoredJob<DATA> {
  return {
    _id: toJobId(row.id),
    name: row.name,
    type: row.type === 'single' ? 'single' : 'normal',
    priority: Number(row.priority),
    nextRunAt: toDate(row.next_run_at) ?? null,
    lockedAt: toDate(row.locked_at),
    lastRunAt: toDate(row.last_run_at),
    lastFinishedAt: toDate(row.last_finished_at),
    failedAt: toDate(row.failed_at),
    failCount: toNumber(row.fail_count),
    failReason: row.fail_reason ?? undefined,
    progress: toNumber(row.progress),
    disabled: Number(row.disabled) === 1 ? true : undefined,
    repeatInterval: fromJson<string | number>(row.repeat_interval),
    repeatAt: row.repeat_at ?? undefined,
    repeatTimezone: row.repeat_timezone ?? undefined,
    data: JSON.parse(row.data ?? 'null') as DATA,
    fork: row.fork === null ? undefined : Number(row.fork) === 1,
    startDate: toDate(row.start_date),
    endDate: toDate(row.end_date),
    skipDays: fromJson<number[]>(row.skip_days),
    debounceStartedAt: toDate(row.debounce_started_at),
    lastModifiedBy: row.last_modified_by ?? undefined,
  };
}

/** A stored time as a date. */
export function toDate(stored: StoredNumber | null): Date | undefined {
  return stored === null ? undefined : new Date(Number(stored));
}

type DateField = 'nextRunAt' | 'lockedAt' | 'lastRunAt' | 'lastFinishedAt' | 'failedAt';
type ScheduleDateField = 'startDate' | 'endDate' | 'debounceStartedAt';

function milliseconds(job: JobParameters, field: DateField | ScheduleDateField): number | null {
  const date = job[field];
  if (date === undefined || date === null) return null;
  const ms = new Date(date).getTime();
  if (Number.isNaN(ms)) throw new Error(`job "${job.name}": ${field} is not a valid date`);
  return ms;
}

function jsonText({ name, data }: JobParameters): string | null {
  try {
    return JSON.stringify(data) ?? null;
  } catch (cause) {
    throw new Error(`job "${name}": its data cannot be stored as JSON`, { cause });
  }
}

/** A handler may throw anything, and Agenda passes on as the reason whatever it threw. */
function reasonText(reason: unknown): string | null {
  if (reason === undefined || reason === null) return null;
  return typeof reason === 'string' ? reason : inspect(reason);
}

function toNumber(stored: StoredNumber | null): number | undefined {
  return stored === null ? undefined : Number(stored);
}

function fromJson<T>(text: string | null): T | undefined {
  if (text === null) return undefined;
  return JSON.parse(text) as T;
}
