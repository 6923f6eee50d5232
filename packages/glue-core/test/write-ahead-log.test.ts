import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { inTransaction } from '../src/database/in-transaction.js';
import { openDatabase } from '../src/database/open-database.js';
import { MAY_BE_FORGOTTEN, prepareSqliteConnection } from '../src/database/sqlite-connection.js';
import { SqliteFile } from '../src/database/sqlite-file.js';
import { refusal } from './support/refusal.js';

interface Connection {
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown; all(...values: unknown[]): unknown };
  close(): void;
}

// It brings no types.
const Sqlite = createRequire(import.meta.url)('better-sqlite3') as new (file: string) => Connection;

/** A disk that is told when to be done. */
class SlowDisk {
  flushes = 0;
  isClosed = false;
  #done = Promise.withResolvers<void>();

  async flush(): Promise<void> {
    this.flushes += 1;
    await this.#done.promise;
  }

  close(): void {
    this.isClosed = true;
  }

  isDone(): void {
    this.#done.resolve();
  }

  fails(error: Error): void {
    this.#done.reject(error);
  }
}

describe('what is committed to a SQLite file', () => {
  let folder: string;
  let disk: SlowDisk;
  let opened: Connection[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glue-log-'));
    disk = new SlowDisk();
    opened = [];
  });
  afterEach(() => {
    for (const each of opened) each.close();
    rmSync(folder, { recursive: true });
  });

  function open(durability: 'durable' | 'fast', file = join(folder, 'glue.db')): Connection {
    const sqlite = new Sqlite(file);
    sqlite.exec('CREATE TABLE things (name TEXT)');
    const prepared = prepareSqliteConnection(sqlite, new SqliteFile(file), durability, disk) as Connection;
    opened.push(prepared);
    return prepared;
  }

  const INSERT = "INSERT INTO things VALUES ('one')";

  it('is told when it is on the disk: a transaction at its COMMIT', async () => {
    const sqlite = open('durable');
    sqlite.prepare('BEGIN;').run();
    expect(sqlite.prepare(INSERT).run()).toMatchObject({ changes: 1 });
    expect(disk.flushes).toBe(0);
    let isTold = false;
    const told = Promise.resolve(sqlite.prepare('COMMIT;').run()).then(() => (isTold = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect([disk.flushes, isTold]).toEqual([1, false]);
    disk.isDone();
    await told;
  });

  it.each([
    ['run', INSERT],
    ['all', `${INSERT} RETURNING name`],
  ] as const)('is told when it is on the disk: a statement by itself (%s)', async (method, sql) => {
    const sqlite = open('durable');
    const told = sqlite.prepare(sql)[method]();
    expect(told).toBeInstanceOf(Promise);
    expect(disk.flushes).toBe(1);
    disk.isDone();
    expect(await told).toEqual(
      method === 'all' ? [{ name: 'one' }] : expect.objectContaining({ changes: 1 }),
    );
  });

  it.each([
    ['what is read', 'SELECT * FROM things', []],
    ['what may be forgotten', `${INSERT} RETURNING name ${MAY_BE_FORGOTTEN}`, [{ name: 'one' }]],
  ])('waits for no disk: %s', (_what, sql, rows) => {
    expect(open('durable').prepare(sql).all()).toEqual(rows);
    expect(disk.flushes).toBe(0);
  });

  it('waits for no disk where the file is to be fast, or is none', () => {
    expect(open('fast').prepare(INSERT).run()).toMatchObject({ changes: 1 });
    expect(open('durable', ':memory:').prepare(INSERT).run()).toMatchObject({ changes: 1 });
    expect(disk.flushes).toBe(0);
  });

  it('is not told as done where the disk refuses it', async () => {
    const sqlite = open('durable');
    const told = sqlite.prepare(INSERT).run();
    disk.fails(new Error('the disk is gone'));
    await expect(told).rejects.toThrow('the disk is gone');
  });

  it('leaves no log open with the connection', () => {
    open('durable').close();
    expect(disk.isClosed).toBe(true);
    opened = [];
  });

  it('counts as away where its log cannot be brought to the disk, and says which file it is', async () => {
    const file = join(folder, 'glue.db');
    const database = openDatabase({ client: 'sqlite', file, durability: 'durable' });
    try {
      await database.raw('SELECT * FROM sqlite_master');
      rmSync(`${file}-wal`);
      const write = inTransaction(database, async (trx) => {
        await trx.schema.createTable('things', (table) => table.text('name'));
      });
      await expect(write).rejects.toThrow(refusal('GLUE_DATABASE_UNAVAILABLE', `the disk of ${file} fails`));
    } finally {
      await database.destroy();
    }
  });
});
