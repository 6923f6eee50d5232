import { GlueError, messageOf } from '../errors/glue-error.js';
import { withoutAnswerLimit } from './answer-limit.js';
import { dialectOf, type Database, type Transaction } from './database.js';
import { asGlueError, isDuplicateKeyError, isInterruptedError } from './database-errors.js';
import { rowsOf } from './database-time.js';
import { inTransaction, runAgain } from './in-transaction.js';
import type { Migration } from './migration.js';

const TABLE = 'glue_migrations';
/** How long a host waits for another that is migrating. */
const LOCK_WAIT_SECONDS = 60;
const KEEP_AWAKE_MS = 1_000;
/** How often a migration is run that is broken off each time. */
const MAX_RUNS = 5;

/**
 * Brings the schema up to date; where it is, that is two reads. Safe when several hosts start at once and when one
 * dies halfway. On SQLite all is one transaction under the write lock. On MySQL a named lock lets one host at a time
 * do it, and ends with the connection that holds it. The nodes of a cluster do not share it: there hosts may run the
 * same migrations beside each other, which they bear (see {@link Migration}).
 * @returns the names of the migrations that ran now
 * @throws GLUE_SCHEMA_NEWER when the database knows migrations of a given package that this version does not;
 *   GLUE_MIGRATION_FAILED, GLUE_DATABASE_UNAVAILABLE
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  try {
    await runAgain(() => makeMigrationTable(database));
    if ((await pendingMigrations(database, migrations)).length === 0) return [];
    return dialectOf(database) === 'sqlite'
      ? await inTransaction(database, (trx) => inOneTransaction(trx, migrations))
      : await underNamedLock(database, () => oneByOne(database, migrations));
  } catch (error) {
    throw asGlueError(error);
  }
}

/** Names of migrations that are not applied yet. @throws GLUE_SCHEMA_NEWER */
export async function pendingMigrations(
  database: Database,
  migrations: readonly Migration[],
): Promise<string[]> {
  if (!(await database.schema.hasTable(TABLE))) return migrations.map(({ name }) => name);
  return pending(await appliedNames(database), migrations).map(({ name }) => name);
}

async function makeMigrationTable(database: Database): Promise<void> {
  if (await database.schema.hasTable(TABLE)) return;
  try {
    await database.schema.createTable(TABLE, (table) => {
      table.string('name', 128).primary();
      table.bigInteger('applied_at').notNullable();
    });
  } catch (error) {
    // Another host made it between the look and the making.
    if (!(await database.schema.hasTable(TABLE))) throw error;
  }
}

async function appliedNames(database: Database): Promise<Set<string>> {
  const rows = await database<{ name: string }>(TABLE).select('name');
  return new Set(rows.map(({ name }) => name));
}

/** Migrations of a package that none are given of are left alone: its side was removed, its tables stay. */
function pending(applied: ReadonlySet<string>, migrations: readonly Migration[]): Migration[] {
  const known = new Set(migrations.map(({ name }) => name));
  const packages = new Set(migrations.map(packageOf));
  const unknown = [...applied].filter((name) => !known.has(name) && packages.has(packageOf({ name })));
  if (unknown.length > 0) {
    throw new GlueError(
      'GLUE_SCHEMA_NEWER',
      `the database has migrations that this version does not know: ${unknown.join(', ')}`,
    );
  }
  return migrations.filter(({ name }) => !applied.has(name));
}

/** The first part of a migration's name, e.g. `core`. */
function packageOf({ name }: Pick<Migration, 'name'>): string | undefined {
  return name.split('-', 1)[0];
}

async function inOneTransaction(trx: Transaction, migrations: readonly Migration[]): Promise<string[]> {
  const todo = pending(await appliedNames(trx), migrations);
  for (const migration of todo) await naming(migration, () => apply(trx, migration));
  return todo.map(({ name }) => name);
}

/** MySQL commits at each schema change anyway, so every migration stands for itself. */
async function oneByOne(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  const ran: string[] = [];
  for (;;) {
    // Read anew each time: a host on another node of a cluster may be a step ahead.
    const [next] = pending(await appliedNames(database), migrations);
    if (!next) return ran;
    await naming(next, async () => {
      const isFirst = await givingWay(() =>
        inTransaction(database, (trx) => withoutAnswerLimit(trx, () => apply(trx, next))),
      );
      if (isFirst) ran.push(next.name);
    });
  }
}

/** Runs a migration again that was broken off, as one that meets another node's is; that can be told by nothing else. */
async function givingWay<T>(run: () => Promise<T>): Promise<T> {
  for (let runs = 1; ; runs += 1) {
    try {
      return await run();
    } catch (error) {
      if (!isInterruptedError(error) || runs >= MAX_RUNS) throw error;
    }
  }
}

/** @returns false when a host on another node of a cluster did the same at the same time */
async function apply(trx: Transaction, migration: Migration): Promise<boolean> {
  await migration.up(trx);
  try {
    await trx(TABLE).insert({ name: migration.name, applied_at: Date.now() });
    return true;
  } catch (error) {
    if (!isDuplicateKeyError(error)) throw error;
    return false;
  }
}

/** Says which migration failed. */
async function naming(migration: Migration, work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    throw new GlueError('GLUE_MIGRATION_FAILED', `migration ${migration.name} failed: ${messageOf(error)}`, {
      cause: error,
    });
  }
}

/** Holds a named lock on a connection of its own while the work runs. Names are the server's, hence the database in it. */
async function underNamedLock<T>(database: Database, work: () => Promise<T>): Promise<T> {
  const name = "CONCAT('glue-migrations-', MD5(DATABASE()))";
  return database.transaction(async (holder) => {
    const answer: unknown = await withoutAnswerLimit(holder, () =>
      holder.raw<unknown>(`SELECT GET_LOCK(${name}, ?) AS got`, [LOCK_WAIT_SECONDS]),
    );
    if (Number(rowsOf<{ got: number | null }>(answer)[0]?.got) !== 1) {
      throw new GlueError(
        'GLUE_MIGRATION_FAILED',
        `another host has been migrating for ${LOCK_WAIT_SECONDS} s`,
      );
    }
    // The server ends a connection that is idle, and the lock with it.
    const awake = setInterval(() => void holder.raw('DO 1').catch(() => {}), KEEP_AWAKE_MS);
    try {
      return await work();
    } finally {
      clearInterval(awake);
      // Where the connection is gone the lock is too; the work's own error is the one to tell of.
      await holder.raw(`SELECT RELEASE_LOCK(${name})`).catch(() => {});
    }
  });
}
