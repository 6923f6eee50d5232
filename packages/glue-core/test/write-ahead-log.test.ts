import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { MAY_BE_FORGOTTEN } from '../src/database/flush-commits.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { openDatabase } from '../src/database/open-database.js';
import { prepareSqliteConnection } from '../src/database/sqlite-connection.js';
import { SqliteFile } from '../src/database/sqlite-file.js';
import { WriteAheadLog } from '../src/database/write-ahead-log.js';
import { refusal } from './support/refusal.js';

interface Connection {
  __knex__disposed?: unknown;
  exec(sql: string): unknown;
  prepare(sql: string): { run(...values: unknown[]): unknown; all(...values: unknown[]): unknown };
  close(): void;
}

// It brings no types.
const Sqlite = createRequire(import.meta.url)('better-sqlite3') as new (file: string) => Connection;

/** A disk that is told when to be done. */
class SlowDisk {
  path = '';
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
    sqlite.exec('CREATE TABLE IF NOT EXISTS things (name TEXT)');
    const openLog = (path: string) => Object.assign(disk, { path });
    const prepared = prepareSqliteConnection(sqlite, new SqliteFile(file), durability, openLog) as Connection;
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

  it('waits for no disk where it is read', () => {
    expect(open('durable').prepare('SELECT * FROM things').all()).toEqual([]);
    expect(disk.flushes).toBe(0);
  });

  it('waits for no disk where it may be forgotten, unless others have committed too', async () => {
    const [sqlite, other] = [open('durable'), new Sqlite(join(folder, 'glue.db'))];
    opened.push(other);
    disk.isDone();
    const claim = async (): Promise<unknown> =>
      sqlite.prepare(`${INSERT} RETURNING name ${MAY_BE_FORGOTTEN}`).all();
    // What was committed before this connection knew of anything.
    await claim();
    expect(disk.flushes).toBe(1);
    expect(await claim()).toEqual([{ name: 'one' }]);
    expect(disk.flushes).toBe(1);
    other.exec(INSERT);
    expect(await claim()).toEqual([{ name: 'one' }]);
    expect(disk.flushes).toBe(2);
    await claim();
    expect(disk.flushes).toBe(2);
  });

  it('waits for no disk where the file is to be fast, or is none', () => {
    expect(open('fast').prepare(INSERT).run()).toMatchObject({ changes: 1 });
    expect(open('durable', ':memory:').prepare(INSERT).run()).toMatchObject({ changes: 1 });
    expect(disk.flushes).toBe(0);
  });

  it('is not told as done where the disk refuses it, nor by this connection again', async () => {
    const sqlite = open('durable');
    const told = sqlite.prepare(INSERT).run();
    disk.fails(Object.assign(new Error('EIO'), { code: 'SQLITE_IOERR_FSYNC' }));
    await expect(told).rejects.toThrow(`the disk of ${join(folder, 'glue.db')} fails (SQLITE_IOERR_FSYNC)`);
    expect(sqlite.__knex__disposed).toBeDefined();
  });

  it.each(['the file itself', 'a symbolic link'])('is brought to the log that SQLite has: %s', (named) => {
    const [file, link] = [join(folder, 'glue.db'), join(folder, 'link.db')];
    open('fast', file);
    symlinkSync(file, link);
    open('durable', named === 'a symbolic link' ? link : file);
    expect(disk.path).toBe(`${file}-wal`);
  });

  it('leaves no log open with the connection', () => {
    open('durable').close();
    expect(disk.isClosed).toBe(true);
    opened = [];
  });

  describe('with a log that fails', () => {
    const file = (): string => join(folder, 'glue.db');
    let flush: jest.SpiedFunction<WriteAheadLog['flush']>;
    beforeEach(() => {
      flush = jest.spyOn(WriteAheadLog.prototype, 'flush');
    });
    afterEach(() => {
      flush.mockRestore();
    });
    const failure = Object.assign(new Error('ENOSPC'), { code: 'SQLITE_FULL' });

    it('counts as away, and is used again when SQLite itself has brought all to the disk', async () => {
      const database = openDatabase({ client: 'sqlite', file: file(), durability: 'durable' });
      try {
        await database.schema.createTable('things', (table) => table.text('name'));
        flush.mockRejectedValueOnce(failure);
        const add = (name: string) =>
          inTransaction(database, async (trx) => {
            await trx('things').insert({ name });
          });
        await expect(add('one')).rejects.toThrow(
          refusal('GLUE_DATABASE_UNAVAILABLE', `the disk of ${file()} is full`),
        );
        // A reader holds the log open, so it cannot be emptied.
        const reader = new Sqlite(file());
        reader.prepare('BEGIN').run();
        reader.prepare('SELECT * FROM things').all();
        await expect(add('two')).rejects.toThrow(refusal('GLUE_DATABASE_UNAVAILABLE'));
        reader.close();
        await add('three');
        expect(await database('things').pluck('name')).toEqual(['one', 'three']);
      } finally {
        await database.destroy();
      }
    });
  });

  it('says which file it is about where its log cannot be opened', () => {
    expect(() => new WriteAheadLog(join(folder, 'none-wal'))).toThrow(
      expect.objectContaining({ code: 'SQLITE_CANTOPEN' }) as unknown as Error,
    );
  });
});
