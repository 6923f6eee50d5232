import { afterAll, afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  coreMigrations,
  databaseConfigSchema,
  inTransaction,
  migrate,
  openDatabase,
  type Database,
} from 'glue-core';
import { inboundSchema } from 'glue-inbound';
import { outboundSchema } from 'glue-outbound';
import { schemaOf } from './faults/support/schema-of.js';

const migrations = [...coreMigrations, ...inboundSchema.migrations, ...outboundSchema.migrations];
const url = process.env['GLUE_TEST_MYSQL_URL'];
const describeMysql = url === undefined ? describe.skip : describe;

/** SQLite runs them all in one transaction; MySQL commits at each statement, and the nodes of a cluster share no lock. */
describeMysql(
  `the migrations on MySQL${url === undefined ? ' (skipped: GLUE_TEST_MYSQL_URL is not set)' : ''}`,
  () => {
    let database: Database;
    const made: string[] = [];

    beforeEach(() => newDatabase());
    afterEach(() => database.destroy());

    afterAll(async () => {
      const admin = open('mysql');
      for (const name of made) await admin.raw(`DROP DATABASE ${name}`);
      await admin.destroy();
    });

    function open(name: string): Database {
      const place = new URL(name, url?.endsWith('/') ? url : `${url}/`).href;
      return openDatabase(databaseConfigSchema.parse({ client: 'mysql', url: place }));
    }

    async function newDatabase(): Promise<void> {
      const name = `glue_migrations_${process.pid}_${Date.now()}_${made.length}`;
      const admin = open('mysql');
      await admin.raw(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
      await admin.destroy();
      made.push(name);
      database = open(name);
    }

    it('change nothing when they are run again, each by itself, after all the others', async () => {
      await migrate(database, migrations);
      await database('glue_changes').where({ topic: 'inbound' }).update({ value: 7 });
      const before = await schemaOf(database);
      for (const { up } of migrations) await inTransaction(database, up);
      expect(await schemaOf(database)).toEqual(before);
    });

    it('lead to the same schema wherever a host died in them', async () => {
      const statements = await statementsUntil(Infinity);
      const whole = await schemaOf(database);
      expect(statements).toBeGreaterThan(migrations.length);
      for (let last = 1; last < statements; last += 5) {
        await database.destroy();
        await newDatabase();
        await statementsUntil(last);
        await database.destroy();
        database = open(made.at(-1) ?? '');
        await migrate(database, migrations);
        expect(await schemaOf(database)).toEqual(whole);
      }
    }, 120_000);

    /** Migrates until a number of changes were made; then all connections are lost. @returns how many were made */
    async function statementsUntil(last: number): Promise<number> {
      let changes = 0;
      const connections: Connection[] = [];
      const loseThem = (): void => connections.forEach(({ stream }) => stream.destroy());
      const { pool } = database.client as { pool: { on(event: 'createSuccess', see: SeesConnection): void } };
      pool.on('createSuccess', (_id, connection) => {
        connections.push(connection);
        if (changes >= last) loseThem();
      });
      database.on('query-response', (_rows: unknown, { sql }: { sql: string }) => {
        if (/^(create|alter|insert)/i.test(sql)) changes += 1;
        if (changes >= last) loseThem();
      });
      const migrated = migrate(database, migrations);
      if (last === Infinity) await migrated;
      else await expect(migrated).rejects.toMatchObject({ name: 'GlueError' });
      return changes;
    }
  },
);

type Connection = { readonly stream: { destroy(): void } };
type SeesConnection = (id: number, connection: Connection) => void;
