import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openDatabase, type Database } from 'glue-core';

const mysqlUrl = process.env['GLUE_TEST_MYSQL_URL'];

/** A database of its own for one test. */
export interface TestDatabase {
  readonly database: Database;
  close(): Promise<void>;
}

/** Runs a suite on SQLite, and on MySQL or MariaDB when there is one. */
export function onEachDatabase(name: string, suite: (open: () => Promise<TestDatabase>) => void): void {
  describe(`${name} (SQLite)`, () => suite(openSqlite));
  if (mysqlUrl === undefined)
    describe.skip(`${name} (MySQL: skipped, GLUE_TEST_MYSQL_URL is not set)`, () => suite(openSqlite));
  else describe(`${name} (MySQL)`, () => suite(() => openMysql(mysqlUrl)));
}

export async function openSqlite(): Promise<TestDatabase> {
  const folder = mkdtempSync(join(tmpdir(), 'glue-outbound-'));
  const database = openDatabase({ client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' });
  return {
    database,
    close: async () => {
      await database.destroy();
      rmSync(folder, { recursive: true });
    },
  };
}

async function openMysql(url: string): Promise<TestDatabase> {
  const name = `glue_outbound_${process.pid}_${Math.random().toString(36).slice(2, 10)}`;
  const open = (path: string) =>
    openDatabase({
      client: 'mysql',
      url: new URL(path, url).href,
      poolSize: 5,
      connectTimeoutMs: 5_000,
      answerTimeoutMs: 10_000,
      tls: false,
    });
  const server = open('/');
  await server.raw('CREATE DATABASE ??', [name]);
  const database = open(`/${name}`);
  return {
    database,
    close: async () => {
      await database.destroy();
      await server.raw('DROP DATABASE ??', [name]);
      await server.destroy();
    },
  };
}
