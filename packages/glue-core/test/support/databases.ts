import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, it } from '@jest/globals';
import knex from 'knex';
import type { Database } from '../../src/database/database.js';
import type { DatabaseConfig } from '../../src/database/database-config.js';
import { openDatabase } from '../../src/database/open-database.js';

/** Opens an empty database; calling it again in one test opens the same one on another connection. */
export type OpenDatabase = () => Promise<Database>;

/** Says how to open the database of the present test, to another process perhaps. */
export type DatabasePlace = () => Promise<DatabaseConfig>;

type DatabaseTests = (open: OpenDatabase, place: DatabasePlace) => void;

/** Runs the tests on a real SQLite file, and again on MySQL or MariaDB where GLUE_TEST_MYSQL_URL names a server. */
export function describeEachDatabase(name: string, tests: DatabaseTests): void {
  describeSqlite(name, tests);
  describeMysql(name, tests);
}

export function describeSqlite(name: string, tests: DatabaseTests): void {
  describe(`${name} (SQLite)`, () => {
    let folder: string | undefined;
    runTests(tests, () => {
      folder ??= mkdtempSync(join(tmpdir(), 'glue-core-'));
      return Promise.resolve({ client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' });
    });
    // After what the tests do at their end, which is called in the order it stands here.
    afterEach(() => {
      if (folder !== undefined) rmSync(folder, { recursive: true });
      folder = undefined;
    });
  });
}

export function describeMysql(name: string, tests: DatabaseTests): void {
  const url = process.env['GLUE_TEST_MYSQL_URL'];
  if (url === undefined) {
    describe(`${name} (MySQL)`, () => {
      it.skip('skipped: GLUE_TEST_MYSQL_URL is not set', () => {});
    });
    return;
  }
  describe(`${name} (MySQL)`, () => {
    const made: string[] = [];
    let current: string | undefined;
    const server = (database: string) => new URL(database, url.endsWith('/') ? url : `${url}/`).href;
    const asAdmin = async (sql: string) => {
      const admin = knex({ client: 'mysql2', connection: server('mysql') });
      await admin.raw(sql).finally(() => admin.destroy());
    };
    afterEach(() => {
      current = undefined;
    });
    afterAll(async () => {
      for (const database of made) await asAdmin(`DROP DATABASE ${database}`);
    });
    runTests(tests, async () => {
      if (current === undefined) {
        current = `glue_core_${process.pid}_${Date.now()}_${made.length}`;
        made.push(current);
        await asAdmin(`CREATE DATABASE ${current} CHARACTER SET utf8mb4`);
      }
      return {
        client: 'mysql',
        url: server(current),
        poolSize: 10,
        connectTimeoutMs: 5_000,
        answerTimeoutMs: 10_000,
        tls: false,
      };
    });
  });
}

function runTests(tests: DatabaseTests, place: DatabasePlace): void {
  tests(async () => openDatabase(await place()), place);
}
