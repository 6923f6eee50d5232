import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from '@jest/globals';
import knexPackage, { type Knex } from 'knex';

/** An empty database of the test file's own. */
export interface TestDatabase {
  readonly dialect: 'sqlite' | 'mysql' | 'postgres';
  /** How to connect; to be called inside tests and hooks only. */
  config(): Knex.Config;
}

/** Runs the same tests on SQLite always, and on each server whose URL is set. */
export function onEachDatabase(tests: (database: TestDatabase) => void): void {
  onSqlite(tests);
  onServer('mysql', 'mysql2', 'GLUE_TEST_MYSQL_URL', tests);
  onServer('postgres', 'pg', 'GLUE_TEST_POSTGRES_URL', tests);
}

/** Runs tests on a SQLite file. */
export function onSqlite(tests: (database: TestDatabase) => void): void {
  describe('on SQLite', () => {
    let folder = '';
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'agenda-knex-'));
    });
    tests({ dialect: 'sqlite', config: () => sqliteConfig(join(folder, 'jobs.sqlite')) });
    afterAll(() => rm(folder, { recursive: true }));
  });
}

/** How to open a SQLite file that several processes share: as the README says. */
export function sqliteConfig(filename: string): Knex.Config {
  return {
    client: 'better-sqlite3',
    connection: { filename },
    useNullAsDefault: true,
    pool: { afterCreate: setPragmas },
  };
}

interface SqliteConnection {
  pragma(text: string): unknown;
}

function setPragmas(
  connection: SqliteConnection,
  done: (error: unknown, connection: SqliteConnection) => void,
): void {
  connection.pragma('journal_mode = WAL');
  done(null, connection);
}

function onServer(
  dialect: 'mysql' | 'postgres',
  client: string,
  variable: string,
  tests: (database: TestDatabase) => void,
): void {
  const url = process.env[variable];
  if (!url) {
    describe.skip(`on ${dialect} (skipped: ${variable} is not set)`, () =>
      tests({ dialect, config: () => ({}) }));
    return;
  }
  describe(`on ${dialect}`, () => {
    const name = `agenda_knex_${randomUUID().replaceAll('-', '')}`;
    beforeAll(() => onServerItself(client, url, `create database ${name}`));
    tests({ dialect, config: () => ({ client, connection: place(url, name), pool: { min: 0, max: 5 } }) });
    // After the tests' own hooks, as they run in this order.
    afterAll(() => onServerItself(client, url, `drop database ${name}`));
  });
}

async function onServerItself(client: string, url: string, statement: string): Promise<void> {
  const server = knexPackage.knex({
    client,
    connection: place(url, client === 'pg' ? 'postgres' : undefined),
  });
  try {
    await server.raw(statement);
  } finally {
    await server.destroy();
  }
}

function place(url: string, database: string | undefined) {
  const { hostname, port, username, password } = new URL(url);
  return {
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    database,
  };
}

/** Knex writes refused connections to the console; in tests that look for them it need not. */
export const QUIET = { debug: nothing, warn: nothing, error: nothing, deprecate: nothing };

function nothing(): void {}
