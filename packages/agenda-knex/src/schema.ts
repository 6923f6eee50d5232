import type { Knex } from 'knex';
import type { Dialect } from './dialect.js';
import type { TableNames } from './database.js';

/** One change of the schema. It may be taken twice, or half: whatever is there already is left as it is. */
export interface SchemaStep {
  readonly name: string;
  take(knex: Knex, dialect: Dialect): Promise<unknown>;
}

/**
 * Every change of the schema there ever was, oldest first.
 *
 * Append only: a released step is never edited, and a new one adds what older versions of this package can ignore
 * (a table, an index, a column with a default), for old and new processes share the tables during an update.
 */
export function schemaSteps({ jobs, logs }: TableNames): SchemaStep[] {
  return [
    { name: `${jobs}: table`, take: (knex, dialect) => createTable(knex, dialect, jobs, jobsTable) },
    { name: `${jobs}: one per unique key`, take: (knex) => uniqueKeyIndex(knex, jobs) },
    { name: `${jobs}: claims in order`, take: (knex) => claimIndex(knex, jobs) },
    { name: `${logs}: table`, take: (knex, dialect) => createTable(knex, dialect, logs, logsTable) },
    { name: `${logs}: by time`, take: (knex) => index(knex, logs, ['timestamp']) },
    { name: `${logs}: by job`, take: (knex) => index(knex, logs, ['job_id', 'timestamp']) },
    { name: `${logs}: by job name`, take: (knex) => index(knex, logs, ['job_name', 'timestamp']) },
  ];
}

/** Makes the table that remembers which steps were taken. */
export function createMigrationsTable(knex: Knex, dialect: Dialect, name: string): Knex.SchemaBuilder {
  return createTable(knex, dialect, name, migrationsTable);
}

function createTable(
  knex: Knex,
  dialect: Dialect,
  name: string,
  columns: (table: Knex.CreateTableBuilder) => void,
): Knex.SchemaBuilder {
  return knex.schema.createTable(name, (table) => {
    if (dialect === 'mysql') {
      // Without this, MySQL and MariaDB would take "Mail" and "mail" for the same name.
      table.charset('utf8mb4');
      table.collate('utf8mb4_bin');
    }
    columns(table);
  });
}

function migrationsTable(table: Knex.CreateTableBuilder): void {
  table.string('name', 255).notNullable().primary();
  table.bigInteger('applied_at').notNullable();
}

function jobsTable(table: Knex.CreateTableBuilder): void {
  table.string('id', 36).notNullable().primary();
  table.string('name', 255).notNullable();
  table.string('type', 16).notNullable();
  table.double('priority').notNullable().defaultTo(0);
  table.bigInteger('next_run_at').nullable();
  table.bigInteger('requested_run_at').nullable();
  table.bigInteger('locked_at').nullable();
  table.bigInteger('last_run_at').nullable();
  table.bigInteger('last_finished_at').nullable();
  table.bigInteger('failed_at').nullable();
  table.integer('fail_count').nullable();
  // Long: a reason that does not fit would lose the end of a run, and the job would run again.
  table.text('fail_reason', 'longtext').nullable();
  table.double('progress').nullable();
  table.smallint('disabled').notNullable().defaultTo(0);
  table.text('repeat_interval').nullable();
  table.text('repeat_at').nullable();
  table.string('repeat_timezone', 255).nullable();
  table.text('data', 'longtext').nullable();
  table.smallint('fork').nullable();
  table.bigInteger('start_date').nullable();
  table.bigInteger('end_date').nullable();
  table.text('skip_days').nullable();
  table.bigInteger('debounce_started_at').nullable();
  table.string('last_modified_by', 255).nullable();
  table.string('unique_key', 64).nullable();
}

function logsTable(table: Knex.CreateTableBuilder): void {
  table.string('id', 36).notNullable().primary();
  table.bigInteger('timestamp').notNullable();
  table.string('level', 16).notNullable();
  table.string('event', 32).notNullable();
  table.string('job_id', 36).nullable();
  table.string('job_name', 255).notNullable();
  table.text('message', 'longtext').notNullable();
  table.double('duration').nullable();
  table.text('error', 'longtext').nullable();
  table.integer('fail_count').nullable();
  table.double('retry_delay').nullable();
  table.integer('retry_attempt').nullable();
  table.string('agenda_name', 255).nullable();
  table.text('meta', 'longtext').nullable();
}

function uniqueKeyIndex(knex: Knex, table: string): Knex.SchemaBuilder {
  return knex.schema.alterTable(table, (jobs) =>
    jobs.unique(['unique_key'], { indexName: `${table}_unique_key` }),
  );
}

/**
 * Serves claims in their very order, so that FOR UPDATE SKIP LOCKED reads, and so locks, one row and not all that
 * are due. Expired locks are found by its first three columns. Knex has no words for a descending column.
 */
function claimIndex(knex: Knex, table: string): Knex.Raw {
  const columns = ['name', 'disabled', 'locked_at', 'next_run_at', 'priority', 'id'];
  return knex.raw('create index ?? on ?? (??, ??, ??, ??, ?? desc, ??)', [
    `${table}_claim`,
    table,
    ...columns,
  ]);
}

function index(knex: Knex, table: string, columns: string[]): Knex.SchemaBuilder {
  return knex.schema.alterTable(table, (t) => t.index(columns, `${table}_${columns.join('_')}`));
}
