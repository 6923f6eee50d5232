import { copyFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { inTransaction, runAgain } from '../src/database/in-transaction.js';
import { openDatabase } from '../src/database/open-database.js';
import { isFileGone } from '../src/database/sqlite-trouble.js';
import { refusal } from './support/refusal.js';

describe('a SQLite file', () => {
  let folder: string;
  let file: string;
  let open: Database[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glue-file-'));
    file = join(folder, 'glue.db');
    open = [];
  });
  afterEach(async () => {
    for (const database of open) await database.destroy();
    rmSync(folder, { recursive: true });
  });

  function database(path = file): Database {
    const opened = openDatabase({ client: 'sqlite', file: path, durability: 'fast' });
    open.push(opened);
    return opened;
  }

  async function withNotes(): Promise<Database> {
    const opened = database();
    await opened.schema.createTable('notes', (table) => void table.integer('id').primary());
    return opened;
  }

  const write = (to: Database, id: number) => inTransaction(to, (trx) => trx('notes').insert({ id }));

  it.each([
    ['removed', () => rmSync(file)],
    [
      'replaced',
      () => {
        copyFileSync(file, `${file}.copy`);
        renameSync(`${file}.copy`, file);
      },
    ],
  ])(
    'that is %s while it is open takes no write any more, and says which file and what now',
    async (_how, act) => {
      const opened = await withNotes();
      await write(opened, 1);
      act();
      const refused = write(opened, 2);
      await expect(refused).rejects.toEqual(
        refusal(
          'GLUE_DATABASE_UNAVAILABLE',
          `the database cannot be used (the file ${file} was removed or replaced`,
        ),
      );
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining('put it back') });
      // From then on nothing else either, however often it is asked.
      const asked = opened('notes').select();
      await expect(asked).rejects.toMatchObject({ code: 'SQLITE_FILE_GONE' });
      await expect(asked.then(undefined, isFileGone)).resolves.toBe(true);
    },
  );

  it('that is put back is used again, with nothing of what was refused', async () => {
    const opened = await withNotes();
    renameSync(file, `${file}.away`);
    await expect(write(opened, 1)).rejects.toEqual(refusal('GLUE_DATABASE_UNAVAILABLE'));
    renameSync(`${file}.away`, file);
    await write(opened, 2);
    expect(await opened('notes')).toEqual([{ id: 2 }]);
  });

  it('that is none cannot be removed', async () => {
    const opened = database(':memory:');
    await opened.schema.createTable('notes', (table) => void table.integer('id').primary());
    await write(opened, 1);
    expect(await opened('notes')).toHaveLength(1);
  });

  describe('that cannot be used', () => {
    it.each([
      [
        'is no database',
        () => writeFileSync(file, 'x'.repeat(200)),
        /is no SQLite database: name another file/,
      ],
      ['is a folder', () => mkdirSync(file), /cannot be opened or made: it has to be a file/],
    ])('since it %s says which file, and what to do', async (_why, make, words) => {
      make();
      const refused = runAgain(() => database().raw('SELECT 1'));
      await expect(refused).rejects.toEqual(refusal('GLUE_DATABASE_UNAVAILABLE', words));
      await expect(refused).rejects.toMatchObject({ message: expect.stringContaining(file) });
    });

    it('since it takes no writes says which file, and who needs which right', async () => {
      const opened = await withNotes();
      await opened.raw('PRAGMA query_only = ON');
      await expect(write(opened, 1)).rejects.toEqual(
        refusal('GLUE_DATABASE_UNAVAILABLE', `${file} cannot be written: the user of this process`),
      );
      await opened.raw('PRAGMA query_only = OFF');
      await write(opened, 1);
    });
  });

  describe('that another process locks', () => {
    it('costs one wait, not one for each that comes, and is waited for again once it is free', async () => {
      const [opened, other] = [await withNotes(), database()];
      const timeouts = async () =>
        (await opened.raw<{ timeout: number }[]>('PRAGMA busy_timeout'))[0]?.timeout;
      const lock = await other.transaction();
      expect(await timeouts()).toBe(250);
      await expect(opened('notes').insert({ id: 1 })).rejects.toMatchObject({ code: 'SQLITE_BUSY' });
      expect(await timeouts()).toBe(0);
      // Reading needs no lock, and says nothing of it.
      expect(await opened('notes')).toEqual([]);
      expect(await timeouts()).toBe(0);
      await lock.rollback();
      await opened('notes').insert({ id: 2 });
      expect(await timeouts()).toBe(250);
    });

    it('counts as away after some seconds, and leaves the process free meanwhile', async () => {
      const [opened, other] = [await withNotes(), database()];
      const lock = await other.transaction();
      const before = performance.eventLoopUtilization();
      const refused = await Promise.allSettled(
        Array.from({ length: 6 }, (_, id) => runAgain(() => opened('notes').insert({ id }))),
      );
      const { active } = performance.eventLoopUtilization(before);
      for (const each of refused)
        expect(each).toMatchObject({
          reason: refusal('GLUE_DATABASE_UNAVAILABLE', 'the database cannot be used (SQLITE_BUSY)'),
        });
      // Each try that waits blocks 250 ms; without an end to that, all four seconds.
      expect(active).toBeLessThan(2_000);
      await lock.rollback();
    });
  });
});
