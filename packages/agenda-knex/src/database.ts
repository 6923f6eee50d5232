import type { JobsSort } from 'agenda';
import type { Knex } from 'knex';
import type { Dialect } from './dialect.js';
import type { JobRow } from './job-row.js';

/** The tables a backend keeps its rows in. */
export interface TableNames {
  /** @defaultValue `agenda_jobs` */
  readonly jobs: string;
  /** @defaultValue `agenda_logs` */
  readonly logs: string;
  /** Which schema steps have been taken. @defaultValue `agenda_migrations` */
  readonly migrations: string;
}

/** Everything the statements of this package need to know about where they run. */
export interface Database {
  readonly knex: Knex;
  readonly dialect: Dialect;
  readonly tables: TableNames;
  /** Order in which due jobs are claimed. */
  readonly sort: JobsSort;
  /** The clock, in Unix milliseconds. */
  readonly now: () => number;
}

/** Names every table `prefix` + jobs, logs, migrations, save those named one by one. */
export function nameTables(prefix = 'agenda_', names: Partial<TableNames> = {}): TableNames {
  return { jobs: `${prefix}jobs`, logs: `${prefix}logs`, migrations: `${prefix}migrations`, ...names };
}

/** A query on the jobs table. */
export function jobs(database: Database): Knex.QueryBuilder<JobRow, JobRow[]> {
  return database.knex<JobRow>(database.tables.jobs);
}
