import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from '@jest/globals';
import { coreMigrations, migrate, openDatabase, type Database } from 'glue-core';
import knex from 'knex';
import { inboundSchema } from '../../src/store/tables.js';

/** An empty database with the inbound tables, and how to be rid of it. */
export interface TestDatabase {
  readonly database: Database;
  remove(): Promise<void>;
}

export async function makeSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'glue-inbound-'));
  const database = openDatabase({ client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' });
  await migrate(database, [...coreMigrations, ...inboundSchema.migrations]);
  return {
    database,
    remove: async () => {
      await database.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

async function makeMysql(url: string, name: string): Promise<TestDatabase> {
  const at = (database: string) => new URL(database, url.endsWith('/') ? url : `${url}/`).href;
  const asAdmin = async (sql: string) => {
    const admin = knex({ client: 'mysql2', connection: at('mysql') });
    await admin.raw(sql).finally(() => admin.destroy());
  };
  await asAdmin(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const database = openDatabase({
    client: 'mysql',
    url: at(name),
    poolSize: 10,
    connectTimeoutMs: 5_000,
    answerTimeoutMs: 10_000,
    tls: false,
  });
  await migrate(database, [...coreMigrations, ...inboundSchema.migrations]);
  return {
    database,
    remove: async () => {
      await database.destroy();
      await asAdmin(`DROP DATABASE ${name}`);
    },
  };
}

/** Runs the tests on a real SQLite file, and again on MySQL or MariaDB where GLUE_TEST_MYSQL_URL names a server. */
export function describeEachDatabase(name: string, tests: (make: () => Promise<TestDatabase>) => void): void {
  describe(`${name} (SQLite)`, () => tests(makeSqlite));
  const url = process.env['GLUE_TEST_MYSQL_URL'];
  describe(`${name} (MySQL)`, () => {
    if (url === undefined) it.skip('skipped: GLUE_TEST_MYSQL_URL is not set', () => {});
    else {
      let made = 0;
      tests(() => makeMysql(url, `glue_inbound_${process.pid}_${Date.now()}_${(made += 1)}`));
    }
  });
}
