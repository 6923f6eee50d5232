import type { JobLogEntry, JobLogEvent, JobLogger, JobLogQuery, JobLogQueryResult, LogLevel } from 'agenda';
import type { Knex } from 'knex';
import type { Database } from './database.js';
import type { StoredNumber } from './job-row.js';
import { rowIds, type MakeRowId } from './row-id.js';
import { runAgain } from './run-again.js';

const DEFAULT_PAGE = 50;

interface LogRow {
  id: string;
  timestamp: StoredNumber;
  level: LogLevel;
  event: JobLogEvent;
  job_id: string | null;
  job_name: string;
  message: string;
  duration: StoredNumber | null;
  error: string | null;
  fail_count: StoredNumber | null;
  retry_delay: StoredNumber | null;
  retry_attempt: StoredNumber | null;
  agenda_name: string | null;
  meta: string | null;
}

/** Agenda's job log on a knex database. */
export class KnexJobLog implements JobLogger {
  readonly #database: Database;
  readonly #makeId: MakeRowId;

  constructor(database: Database) {
    this.#database = database;
    this.#makeId = rowIds(database.now);
  }

  async log(entry: Omit<JobLogEntry, '_id'>): Promise<void> {
    // Made before anything is waited for: Agenda logs without waiting, over several connections.
    const row = { id: this.#makeId(), ...toRow(entry) };
    await runAgain(async () => this.#rows().insert(row));
  }

  /** Newest first unless asked otherwise, 50 at a time unless asked otherwise (0 is all). */
  getLogs(query: JobLogQuery = {}): Promise<JobLogQueryResult> {
    const { limit = DEFAULT_PAGE, offset = 0, sort = 'desc' } = query;
    return runAgain(async () => {
      const matching = this.#matching(query);
      const [count] = await matching.clone().count<{ total: StoredNumber }[]>({ total: '*' });
      const page = matching.clone().orderBy([
        { column: 'timestamp', order: sort },
        { column: 'id', order: sort },
      ]);
      if (limit > 0) page.limit(limit);
      if (offset > 0) page.offset(offset);
      const rows = (await page) as LogRow[];
      return { entries: rows.map(toEntry), total: Number(count?.total) };
    });
  }

  /** Deletes what matches, whatever its page; without a query, all. */
  clearLogs(query: JobLogQuery = {}): Promise<number> {
    return runAgain(async () => this.#matching(query).delete());
  }

  #rows(): Knex.QueryBuilder<LogRow> {
    return this.#database.knex<LogRow>(this.#database.tables.logs);
  }

  #matching({ jobId, jobName, level, event, from, to }: JobLogQuery) {
    const rows = this.#rows();
    if (jobId) rows.where({ job_id: jobId });
    if (jobName) rows.where({ job_name: jobName });
    if (level) rows.whereIn('level', [level].flat());
    if (event) rows.whereIn('event', [event].flat());
    if (from) rows.where('timestamp', '>=', from.getTime());
    if (to) rows.where('timestamp', '<=', to.getTime());
    return rows;
  }
}

function toRow(entry: Omit<JobLogEntry, '_id'>): Omit<LogRow, 'id'> {
  return {
    timestamp: entry.timestamp.getTime(),
    level: entry.level,
    event: entry.event,
    job_id: entry.jobId ?? null,
    job_name: entry.jobName,
    message: entry.message,
    duration: entry.duration ?? null,
    error: entry.error ?? null,
    fail_count: entry.failCount ?? null,
    retry_delay: entry.retryDelay ?? null,
    retry_attempt: entry.retryAttempt ?? null,
    agenda_name: entry.agendaName ?? null,
    meta: entry.meta ? JSON.stringify(entry.meta) : null,
  };
}

function toEntry(row: LogRow): JobLogEntry {
  return {
    _id: row.id,
    timestamp: new Date(Number(row.timestamp)),
    level: row.level,
    event: row.event,
    jobId: row.job_id ?? undefined,
    jobName: row.job_name,
    message: row.message,
    duration: toNumber(row.duration),
    error: row.error ?? undefined,
    failCount: toNumber(row.fail_count),
    retryDelay: toNumber(row.retry_delay),
    retryAttempt: toNumber(row.retry_attempt),
    agendaName: row.agenda_name ?? undefined,
    meta: row.meta === null ? undefined : (JSON.parse(row.meta) as JobLogEntry['meta']),
  };
}

function toNumber(stored: StoredNumber | null): number | undefined {
  return stored === null ? undefined : Number(stored);
}
