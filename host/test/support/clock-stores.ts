import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe } from '@jest/globals';
import { openDatabase, rowsOf, type Database, type DatabaseConfig } from 'glue-core';
import { MongoClient } from 'mongodb';
import type { AgendaConfig } from '../../src/clock/agenda-store.js';
import { temporaryFolder } from './host-fixture.js';

/** Where a test's Agenda keeps its jobs. */
export interface ClockStore {
  readonly config: AgendaConfig;
  readonly database: Database;
  /** Loses every job. */
  empty(): Promise<void>;
  /** How many jobs are locked by somebody. */
  countLocked(): Promise<number>;
  countJobs(): Promise<number>;
  /** Connections to the database's server, whoever made them; 0 where there is none. */
  countConnections(): Promise<number>;
  close(): Promise<void>;
}

/** Runs the tests on SQLite always, on MySQL/MariaDB and MongoDB where their URLs are set. */
export function onEachClockStore(tests: (open: () => Promise<ClockStore>) => void): void {
  const { GLUE_TEST_MYSQL_URL: mysql, GLUE_TEST_MONGODB_URL: mongodb } = process.env;
  describe('on SQLite', () => tests(() => openSqlite()));
  run('MySQL', 'GLUE_TEST_MYSQL_URL', mysql, (url) => tests(() => openMysql(url)));
  run('MongoDB', 'GLUE_TEST_MONGODB_URL', mongodb, (url) => tests(() => openMongo(url)));
}

function run(name: string, variable: string, url: string | undefined, tests: (url: string) => void): void {
  if (url) describe(`on ${name}`, () => tests(url));
  else describe.skip(`on ${name} (skipped: ${variable} is not set)`, () => tests(''));
}

async function openSqlite(clock: AgendaConfig['clock'] = { store: 'database' }): Promise<ClockStore> {
  const { folder, remove } = temporaryFolder();
  const place: DatabaseConfig = { client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' };
  const database = openDatabase(place);
  return {
    ...storeOn(database),
    config: { clock, database: place },
    close: () => database.destroy().then(remove),
  };
}

async function openMysql(serverUrl: string): Promise<ClockStore> {
  const name = `glue_clock_${randomUUID().replaceAll('-', '')}`;
  const placeOf = (schema: string): DatabaseConfig => ({
    client: 'mysql',
    url: new URL(schema, serverUrl).href,
    poolSize: 5,
    connectTimeoutMs: 5_000,
    answerTimeoutMs: 10_000,
    tls: false,
  });
  const server = openDatabase(placeOf('information_schema'));
  await server.raw('CREATE DATABASE ??', [name]);
  const place = placeOf(name);
  const database = openDatabase(place);
  return {
    ...storeOn(database),
    config: { clock: { store: 'database' }, database: place },
    countConnections: async () => {
      const answer: unknown = await server.raw(
        'SELECT COUNT(*) AS connections FROM information_schema.processlist WHERE db = ?',
        [name],
      );
      return Number(rowsOf<{ connections: number }>(answer)[0]?.connections);
    },
    close: async () => {
      await database.destroy();
      await server.raw('DROP DATABASE ??', [name]);
      await server.destroy();
    },
  };
}

async function openMongo(serverUrl: string): Promise<ClockStore> {
  const url = new URL(`glue_clock_${randomUUID().replaceAll('-', '')}`, serverUrl).href;
  const sqlite = await openSqlite({ store: 'mongodb', url });
  const client = await MongoClient.connect(url);
  const jobs = client.db().collection('glue_agenda_jobs');
  return {
    ...sqlite,
    empty: async () => void (await jobs.deleteMany({})),
    countLocked: () => jobs.countDocuments({ lockedAt: { $ne: null } }),
    countJobs: () => jobs.countDocuments({}),
    close: async () => {
      await client.db().dropDatabase();
      await client.close();
      await sqlite.close();
    },
  };
}

function storeOn(
  database: Database,
): Pick<ClockStore, 'database' | 'empty' | 'countLocked' | 'countJobs' | 'countConnections'> {
  const jobs = () => database<{ locked_at: number | null }>('glue_agenda_jobs');
  return {
    database,
    empty: async () => void (await jobs().delete()),
    countLocked: async () => (await jobs().whereNotNull('locked_at')).length,
    countJobs: async () => (await jobs()).length,
    countConnections: () => Promise.resolve(0),
  };
}
