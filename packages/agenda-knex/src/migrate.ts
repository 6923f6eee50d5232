import type { Knex } from 'knex';
import type { Database } from './database.js';
import { runAgain } from './run-again.js';
import { createMigrationsTable, schemaSteps } from './schema.js';

/**
 * Brings the tables up to date; where they are, this is two reads.
 *
 * There is no lock to be left behind: every step may be taken by several processes at once, the second finds it
 * taken. A process that died between a step and its record leaves a step that is taken again.
 *
 * @throws Error naming the step that failed.
 */
export async function migrate(database: Database): Promise<void> {
  const { knex, dialect, tables, now } = database;
  if (!(await runAgain(() => knex.schema.hasTable(tables.migrations)))) {
    await takeOnce(tables.migrations, () => createMigrationsTable(knex, dialect, tables.migrations));
  }
  const taken = new Set(await runAgain(() => knex(tables.migrations).pluck<string[]>('name')));
  for (const step of schemaSteps(tables)) {
    if (taken.has(step.name)) continue;
    await takeOnce(step.name, () => step.take(knex, dialect));
    await runAgain(() => record(knex, tables.migrations, step.name, now()));
  }
}

/** How often a step is taken that is broken off each time. */
const TRIES = 5;

/**
 * Takes one step, unless it is taken already; again when it is broken off, as by a change of the schema that came from
 * another node of a Galera cluster and goes first.
 *
 * @throws Error naming the step that failed.
 */
export async function takeOnce(name: string, take: () => PromiseLike<unknown>, tried = 1): Promise<void> {
  try {
    await runAgain(async () => take());
  } catch (cause) {
    if (isThereAlready(cause)) return;
    if (isBrokenOff(cause) && tried < TRIES) return takeOnce(name, take, tried + 1);
    throw new Error(`agenda-knex cannot prepare its tables, step "${name}": ${String(cause)}`, { cause });
  }
}

/** MySQL and MariaDB: query execution was interrupted. */
function isBrokenOff(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'errno' in error && error.errno === 1317;
}

async function record(knex: Knex, table: string, name: string, appliedAt: number): Promise<void> {
  await knex(table).insert({ name, applied_at: appliedAt }).onConflict('name').ignore();
}

/** MySQL and MariaDB: table exists, duplicate column, duplicate index name. */
const THERE_ERRNOS = new Set<unknown>([1050, 1060, 1061]);
/** PostgreSQL: duplicate column, duplicate table or index, duplicate object; 23505 is two CREATEs at one moment. */
const THERE_CODES = new Set<unknown>(['42701', '42P07', '42710', '23505']);

function isThereAlready(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ('errno' in error && THERE_ERRNOS.has(error.errno)) return true;
  if ('code' in error && THERE_CODES.has(error.code)) return true;
  // SQLite has no code for it.
  return 'message' in error && /already exists|duplicate column name/.test(String(error.message));
}
