import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { dialectOf, type Database } from '../src/database/database.js';
import { databaseConfigSchema } from '../src/database/database-config.js';
import { affectedOf, databaseNow, rowsOf } from '../src/database/database-time.js';
import { openDatabase as open } from '../src/database/open-database.js';
import { describeEachDatabase, describeMysql, describeSqlite } from './support/databases.js';
import { refusal } from './support/refusal.js';

describe('the database config', () => {
  it('has defaults that survive power loss', () => {
    expect(databaseConfigSchema.parse({ client: 'sqlite', file: 'glue.db' })).toEqual({
      client: 'sqlite',
      file: 'glue.db',
      durability: 'durable',
    });
    expect(databaseConfigSchema.parse({ client: 'mysql', url: 'mysql://u:p@db:3306/glue' })).toEqual({
      client: 'mysql',
      url: 'mysql://u:p@db:3306/glue',
      poolSize: 10,
      connectTimeoutMs: 5_000,
      answerTimeoutMs: 10_000,
      tls: false,
    });
  });

  test.each([
    ['an unknown client', { client: 'oracle' }],
    ['no file', { client: 'sqlite', file: '' }],
    ['an unknown key', { client: 'sqlite', file: 'x', url: 'y' }],
    ['another durability', { client: 'sqlite', file: 'x', durability: 'none' }],
    ['another protocol', { client: 'mysql', url: 'postgres://db/glue' }],
    ['no database in the URL', { client: 'mysql', url: 'mysql://root@db:3306/' }],
    ['no host in the URL', { client: 'mysql', url: 'mysql:glue' }],
    ['a text that is no URL', { client: 'mysql', url: 'db' }],
    ['a pool that one migrating host would lock', { client: 'mysql', url: 'mysql://db/glue', poolSize: 1 }],
  ])('is refused with %s', (_name, config) => {
    expect(databaseConfigSchema.safeParse(config).success).toBe(false);
  });

  it('never repeats a password that it refuses', () => {
    const { error } = databaseConfigSchema.safeParse({ client: 'mysql', url: 'mysql://root:hunter2@db' });
    expect(error?.message).toContain('mysql://user:password@host:3306/database');
    expect(error?.message).not.toContain('hunter2');
  });
});

describe('opening', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glue-open-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('makes files that nobody else may read, and leaves those that are there', async () => {
    const modes = async (file: string) => {
      const database = open({ client: 'sqlite', file, durability: 'durable' });
      await database.schema.createTable('t', (table) => table.integer('n'));
      const found = ['', '-wal', '-shm'].map((end) => statSync(file + end).mode & 0o777);
      await database.destroy();
      return found;
    };
    const file = join(folder, 'below', 'glue.db');
    expect(await modes(file)).toEqual([0o600, 0o600, 0o600]);
    expect(statSync(join(folder, 'below')).mode & 0o777).toBe(0o700);
    const shared = join(folder, 'shared.db');
    writeFileSync(shared, '');
    chmodSync(shared, 0o640);
    expect(await modes(shared)).toEqual([0o640, 0o640, 0o640]);
  });

  test.each(['durable', 'fast'] as const)(
    'a %s SQLite file makes its folder and sets it up',
    async (durability) => {
      const file = join(folder, 'deep', 'er', 'glue.db');
      const database = open({ client: 'sqlite', file, durability });
      try {
        const pragma = async (name: string): Promise<unknown> => {
          const [row] = rowsOf<object>(await database.raw(`PRAGMA ${name}`));
          return Object.values(row ?? {})[0];
        };
        expect(await pragma('journal_mode')).toBe('wal');
        // Each commit is brought to the disk beside the event loop (write-ahead-log.test.ts).
        expect(await pragma('synchronous')).toBe(1);
        expect(await pragma('foreign_keys')).toBe(1);
        expect(await pragma('busy_timeout')).toBe(250);
      } finally {
        await database.destroy();
      }
    },
  );

  it('says so when the folder of a SQLite file cannot be made', () => {
    const blocked = join(folder, 'file');
    writeFileSync(blocked, '');
    expect(() => open({ client: 'sqlite', file: join(blocked, 'glue.db'), durability: 'fast' })).toThrow(
      refusal('GLUE_DATABASE_UNAVAILABLE', `the database folder ${blocked} cannot be made`),
    );
  });

  it('says so when the certificate authority cannot be read', () => {
    const caFile = join(folder, 'absent.pem');
    expect(() =>
      open({
        client: 'mysql',
        url: 'mysql://root@db/x',
        poolSize: 2,
        connectTimeoutMs: 100,
        answerTimeoutMs: 1_000,
        tls: { caFile },
      }),
    ).toThrow(refusal('GLUE_CONFIG_INVALID', caFile));
  });
});

describeEachDatabase('an open database', (openDatabase, place) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
    await database.schema.createTable('notes', (table) => {
      table.integer('id').primary();
      table.string('text', 190).notNullable();
    });
  });

  afterEach(() => database.destroy());

  it('says what SQL it speaks', async () => {
    expect(dialectOf(database)).toBe((await place()).client);
  });

  it('tells its time in Unix milliseconds', async () => {
    const before = Date.now();
    const now = await databaseNow(database);
    expect(Number.isInteger(now)).toBe(true);
    expect(now).toBeGreaterThanOrEqual(before - 1);
    expect(now).toBeLessThanOrEqual(Date.now() + 1);
  });

  it('gives rows and counts of raw statements alike', async () => {
    await database('notes').insert([
      { id: 1, text: 'a' },
      { id: 2, text: 'b' },
    ]);
    expect(rowsOf(await database.raw('SELECT id FROM notes ORDER BY id'))).toEqual([{ id: 1 }, { id: 2 }]);
    expect(rowsOf(await database.raw('SELECT id FROM notes WHERE id > 2'))).toEqual([]);
    expect(affectedOf(await database.raw('UPDATE notes SET text = ? WHERE id > ?', ['c', 0]))).toBe(2);
    expect(affectedOf(await database.raw('UPDATE notes SET text = ? WHERE id > ?', ['c', 0]))).toBe(2);
    expect(affectedOf(await database.raw('DELETE FROM notes WHERE id > ?', [2]))).toBe(0);
  });

  it('keeps values out of the messages of its errors: they can be payloads or secrets', async () => {
    await database('notes').insert({ id: 1, text: 'a' });
    for (const statement of [
      () => database('notes').insert({ id: 1, text: 'sk_live_42' }),
      () => database('nowhere').insert({ text: 'sk_live_42' }),
      () => database.raw('UPDATE nowhere SET text = ?', ['sk_live_42']),
    ]) {
      const error = await statement().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(String(error)).toMatch(/notes|nowhere/);
      expect(String(error)).not.toContain('sk_live_42');
    }
  });
});

describeSqlite('a SQLite connection', (openDatabase) => {
  let database: Database;
  let other: Database;

  beforeEach(async () => {
    database = await openDatabase();
    other = await openDatabase();
    await other.raw('PRAGMA busy_timeout = 0');
    await database.schema.createTable('notes', (table) => void table.integer('id').primary());
  });

  afterEach(() => Promise.all([database.destroy(), other.destroy()]));

  it('takes the write lock when a transaction begins, so that reading first harms no writing', async () => {
    await database.transaction(async (trx) => {
      await trx('notes').select();
      await expect(other('notes').insert({ id: 1 })).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
      await trx('notes').insert({ id: 2 });
    });
    await other('notes').insert({ id: 1 });
    expect(await database('notes')).toHaveLength(2);
  });

  it('lets others read meanwhile', async () => {
    await database.transaction(async (trx) => {
      await trx('notes').insert({ id: 1 });
      expect(await other('notes')).toEqual([]);
    });
    expect(await other('notes')).toEqual([{ id: 1 }]);
  });

  it('keeps statements compiled, also over a change of the schema by another', async () => {
    await database('notes').insert({ id: 1 });
    expect(await database('notes')).toEqual([{ id: 1 }]);
    await other.schema.alterTable('notes', (table) => void table.string('text').defaultTo('new'));
    expect(await database('notes')).toEqual([{ id: 1, text: 'new' }]);
  });

  it('compiles again what was dropped since many statements came after it', async () => {
    await database('notes').insert({ id: 1 });
    for (let round = 0; round < 2; round += 1) {
      for (let nth = 0; nth < 350; nth += 1) {
        const rows = await database.raw<{ n: number }[]>(`SELECT id + ${nth} AS n FROM notes`);
        expect(rows).toEqual([{ n: 1 + nth }]);
      }
    }
  });
});

describeMysql('a MySQL connection', (openDatabase) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(() => database.destroy());

  it('takes no gap locks', async () => {
    const [row] = rowsOf<{ Value: string }>(
      await database.raw("SHOW VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation')"),
    );
    expect(row?.Value).toBe('READ-COMMITTED');
  });

  it('is left as it is where the server is no node of a cluster', async () => {
    const variables = rowsOf<{ Value: string }>(
      await database.raw("SHOW VARIABLES WHERE Variable_name = 'wsrep_sync_wait'"),
    );
    expect(variables.filter(({ Value }) => Value !== '0')).toEqual([]);
  });

  it('tells the same time in every time zone of the server', async () => {
    await database.transaction(async (trx) => {
      for (const zone of ['+00:00', '-11:00', '+13:00']) {
        await trx.raw('SET time_zone = ?', [zone]);
        expect(Math.abs((await databaseNow(trx)) - Date.now())).toBeLessThan(1_000);
      }
    });
  });

  it('tells keys apart byte for byte', async () => {
    const { createTable, keyColumn } = await import('../src/database/columns.js');
    await database.transaction((trx) =>
      createTable(trx, 'keyed', (table) => void keyColumn(table, 'id').primary()),
    );
    await database('keyed').insert([{ id: 'a' }, { id: 'A' }, { id: 'ä' }]);
    expect(await database('keyed').where({ id: 'A' })).toEqual([{ id: 'A' }]);
  });
});
