import { afterEach, beforeEach, describe, expect, it, jest, test } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import {
  asGlueError,
  endsTransaction,
  isDuplicateKeyError,
  isTransientDatabaseError,
  isUnavailableDatabaseError,
} from '../src/database/database-errors.js';
import { inTransaction, runAgain } from '../src/database/in-transaction.js';
import { GlueError } from '../src/errors/glue-error.js';
import { describeEachDatabase, describeMysql, describeSqlite } from './support/databases.js';
import { refusal } from './support/refusal.js';

function databaseError(fields: { code?: string; errno?: number; name?: string; fatal?: boolean }): Error {
  return Object.assign(new Error('refused'), fields);
}

const deadlock = databaseError({ errno: 1213, code: 'ER_LOCK_DEADLOCK' });

describe('an error of the database', () => {
  test.each([
    ['a deadlock', { errno: 1213 }, 'transient'],
    ['a lock wait', { errno: 1205 }, 'transient'],
    ['a record that changed since it was read', { errno: 1020 }, 'transient'],
    ['a cluster node that is not ready', { errno: 1047 }, 'transient and unavailable'],
    ['a busy file', { code: 'SQLITE_BUSY' }, 'transient'],
    ['a stale snapshot', { code: 'SQLITE_BUSY_SNAPSHOT' }, 'transient'],
    ['a locked table', { code: 'SQLITE_LOCKED' }, 'transient'],
    ['a refused connection', { code: 'ECONNREFUSED' }, 'unavailable'],
    ['a lost connection', { code: 'PROTOCOL_CONNECTION_LOST' }, 'unavailable'],
    ['too many connections', { errno: 1040 }, 'unavailable'],
    ['a read-only server', { errno: 1290 }, 'unavailable'],
    ['a commit of a cluster node that lost the others', { errno: 1180 }, 'unavailable'],
    ['a killed connection', { errno: 1927 }, 'unavailable'],
    ['a refused user', { errno: 1045, fatal: true }, 'unavailable'],
    ['an unknown database', { errno: 1049 }, 'unavailable'],
    ['a full disk of the server', { errno: 1021 }, 'unavailable'],
    ['a full tablespace', { errno: 1114 }, 'unavailable'],
    ['a server that does not answer', { code: 'PROTOCOL_SEQUENCE_TIMEOUT' }, 'unavailable'],
    ['a connection that is closed', { fatal: true }, 'unavailable'],
    ['a full disk', { code: 'SQLITE_FULL' }, 'unavailable'],
    ['a broken disk', { code: 'SQLITE_IOERR_WRITE' }, 'unavailable'],
    ['a folder that takes no writes', { code: 'SQLITE_READONLY_DIRECTORY' }, 'unavailable'],
    ['a file that is none', { code: 'SQLITE_NOTADB' }, 'unavailable'],
    ['an exhausted pool', { name: 'KnexTimeoutError' }, 'unavailable'],
    ['a duplicate on MySQL', { errno: 1062 }, 'duplicate'],
    ['a duplicate on SQLite', { code: 'SQLITE_CONSTRAINT_UNIQUE' }, 'duplicate'],
    ['a duplicate primary key on SQLite', { code: 'SQLITE_CONSTRAINT_PRIMARYKEY' }, 'duplicate'],
    ['another constraint', { code: 'SQLITE_CONSTRAINT_NOTNULL' }, 'none of these'],
    ['a wrong statement', { errno: 1064 }, 'none of these'],
  ])('is told apart: %s', (_name, fields, kind) => {
    const error = databaseError(fields);
    expect({
      transient: isTransientDatabaseError(error),
      unavailable: isUnavailableDatabaseError(error),
      duplicate: isDuplicateKeyError(error),
    }).toEqual({
      transient: kind.startsWith('transient'),
      unavailable: kind.endsWith('unavailable'),
      duplicate: kind === 'duplicate',
    });
  });

  test.each([
    ['a deadlock', { errno: 1213 }, true],
    ['a lock wait', { errno: 1205 }, true],
    ['a cluster node that is not ready', { errno: 1047 }, true],
    ['a lost connection', { code: 'ECONNRESET', errno: -104, fatal: true }, true],
    ['a full disk', { code: 'SQLITE_FULL' }, true],
    ['a duplicate', { errno: 1062 }, false],
    ['a database that is not there, in the statement', { errno: 1049 }, false],
    ['a table that the user may not write to', { errno: 1044 }, false],
    ['a statement that somebody broke off', { errno: 1317 }, false],
    ['a constraint', { code: 'SQLITE_CONSTRAINT_NOTNULL' }, false],
  ])('of a statement within a transaction: %s', (_name, fields, ends) => {
    expect(endsTransaction(databaseError(fields))).toBe(ends);
  });

  test.each([undefined, null, 'SQLITE_BUSY', 1213, {}])('is not %p', (value) => {
    const checks = [isTransientDatabaseError, isUnavailableDatabaseError, isDuplicateKeyError];
    expect(checks.map((check) => check(value))).toEqual([false, false, false]);
    expect(asGlueError(value)).toBe(value);
  });

  it('gets a code when the database is away, and names the reason without its message', () => {
    const away = Object.assign(new Error("insert into `x` values ('sk_live')"), { code: 'ECONNREFUSED' });
    expect(asGlueError(away)).toEqual(refusal('GLUE_DATABASE_UNAVAILABLE', '(ECONNREFUSED)'));
    expect(String(asGlueError(away))).not.toContain('sk_live');
    expect(asGlueError(away)).toMatchObject({ cause: away, retryable: true });
    expect(asGlueError(databaseError({ fatal: true }))).toEqual(
      refusal('GLUE_DATABASE_UNAVAILABLE', '(the connection is closed)'),
    );
    const known = new GlueError('GLUE_BACKEND_NOT_FOUND', 'x', { cause: away });
    expect(asGlueError(known)).toBe(known);
    expect(asGlueError(deadlock)).toBe(deadlock);
  });
});

describeEachDatabase('a transaction', (openDatabase) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
    await database.schema.createTable('notes', (table) => {
      table.integer('id').primary();
      table.integer('version').notNullable().defaultTo(0);
    });
  });

  afterEach(() => database.destroy());

  it('commits what its work wrote, and gives what it gave', async () => {
    expect(
      await inTransaction(database, async (trx) =>
        trx('notes')
          .insert({ id: 1 })
          .then(() => 'x'),
      ),
    ).toBe('x');
    expect(await database('notes')).toHaveLength(1);
  });

  it('is run again, as a whole, when the database refuses it for reasons of its own', async () => {
    let runs = 0;
    const result = await inTransaction(database, async (trx) => {
      runs += 1;
      await trx('notes').insert({ id: runs });
      if (runs < 3) throw deadlock;
      return runs;
    });
    expect(result).toBe(3);
    expect((await database('notes')).map(({ id }) => id as number)).toEqual([3]);
  });

  test.each([
    ['clashes with others', deadlock, 'GLUE_DATABASE_CONFLICT'],
    ['meets a cluster node that is not ready', databaseError({ errno: 1047 }), 'GLUE_DATABASE_UNAVAILABLE'],
  ])('is given up after fourteen runs when it %s each time', async (_name, refusedWith, code) => {
    let runs = 0;
    const refused = inTransaction(database, async (trx) => {
      runs += 1;
      await trx('notes').insert({ id: runs });
      throw refusedWith;
    });
    await expect(refused).rejects.toMatchObject({ code, cause: refusedWith });
    expect(runs).toBe(14);
    expect(await database('notes')).toEqual([]);
  });

  it('tells of what its work met, not of the rollback that failed after it', async () => {
    const refused = inTransaction(database, async (trx) => {
      await trx('notes').insert({ id: 1 });
      await trx.raw('ROLLBACK'); // As SQLite does by itself when the disk is full.
      throw databaseError({ code: 'SQLITE_FULL' });
    });
    await expect(refused).rejects.toEqual(refusal('GLUE_DATABASE_UNAVAILABLE', '(SQLITE_FULL)'));
    expect(await database('notes')).toEqual([]);
  });

  test.each([
    ['another error', new Error('boom'), new Error('boom')],
    ['an error with a code', new GlueError('GLUE_BACKEND_NOT_FOUND', 'x'), refusal('GLUE_BACKEND_NOT_FOUND')],
    [
      'a database that went away',
      databaseError({ code: 'ECONNRESET' }),
      refusal('GLUE_DATABASE_UNAVAILABLE'),
    ],
  ])('is not run again after %s', async (_name, thrown, expected) => {
    let runs = 0;
    const refused = inTransaction(database, async (trx) => {
      runs += 1;
      await trx('notes').insert({ id: 1 });
      throw thrown;
    });
    await expect(refused).rejects.toEqual(expected);
    expect(runs).toBe(1);
    expect(await database('notes')).toEqual([]);
  });

  it('loses no change when many meet at one row', async () => {
    await database('notes').insert({ id: 1, version: 0 });
    await Promise.all(
      Array.from({ length: 20 }, () =>
        inTransaction(database, async (trx) => {
          const row = await trx('notes').where({ id: 1 }).forUpdate().first();
          await trx('notes')
            .where({ id: 1 })
            .update({ version: Number(row.version) + 1 });
        }),
      ),
    );
    expect(await database('notes').first()).toMatchObject({ version: 20 });
  });
});

describe('a single statement', () => {
  it('is run again like a transaction', async () => {
    let runs = 0;
    const statement = async () => {
      runs += 1;
      if (runs < 3) throw databaseError({ code: 'SQLITE_BUSY' });
      return runs;
    };
    expect(await runAgain(statement)).toBe(3);
    const away = databaseError({ code: 'ECONNRESET' });
    await expect(runAgain(() => Promise.reject(away))).rejects.toEqual(refusal('GLUE_DATABASE_UNAVAILABLE'));
  });

  it('is not begun again after ten seconds', async () => {
    let nowMs = 0;
    const time = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    let runs = 0;
    const statement = () => {
      runs += 1;
      nowMs += 3_000;
      return Promise.reject(databaseError({ errno: 1205, code: 'ER_LOCK_WAIT_TIMEOUT' }));
    };
    await expect(runAgain(statement)).rejects.toEqual(
      refusal('GLUE_DATABASE_CONFLICT', 'refused a transaction 4 times (ER_LOCK_WAIT_TIMEOUT)'),
    );
    time.mockRestore();
    expect(runs).toBe(4);
  });

  it('asks a file that another process locks for four seconds, however often that is', async () => {
    let nowMs = 0;
    const time = jest.spyOn(performance, 'now').mockImplementation(() => nowMs);
    let runs = 0;
    const statement = () => {
      runs += 1;
      nowMs += 200;
      return Promise.reject(databaseError({ code: 'SQLITE_BUSY' }));
    };
    await expect(runAgain(statement)).rejects.toEqual(
      refusal('GLUE_DATABASE_UNAVAILABLE', 'the database cannot be used (SQLITE_BUSY)'),
    );
    time.mockRestore();
    expect(runs).toBe(20);
  });

  it('gives up at the first lock where it is told to, and outlasts all else', async () => {
    const met = [{ errno: 1213 }, { errno: 1213 }, { errno: 1205 }].map(databaseError);
    let runs = 0;
    const statement = () => Promise.reject(met[runs++] ?? new Error('run once too often'));
    await expect(runAgain(statement, { givesUpAtLock: true })).rejects.toEqual(
      refusal('GLUE_DATABASE_CONFLICT', '3 times'),
    );
  });
});

describeSqlite('a SQLite transaction', (openDatabase) => {
  it('outlasts three seconds of another process that writes, and leaves this one breathing', async () => {
    const [database, other] = [await openDatabase(), await openDatabase()];
    try {
      await database.schema.createTable('notes', (table) => void table.integer('id').primary());
      const writing = await other.transaction();
      await writing('notes').insert({ id: 1 });
      setTimeout(() => void writing.commit(), 2_900);
      let longestMs = 0;
      let seenAt = performance.now();
      const look = setInterval(() => {
        longestMs = Math.max(longestMs, performance.now() - seenAt);
        seenAt = performance.now();
      }, 5);
      await inTransaction(database, (trx) => trx('notes').insert({ id: 2 }));
      clearInterval(look);
      expect(await database('notes')).toHaveLength(2);
      expect(longestMs).toBeLessThan(600);
    } finally {
      await Promise.all([database.destroy(), other.destroy()]);
    }
  });

  it('whose COMMIT is refused leaves nothing open for who comes next', async () => {
    const database = await openDatabase();
    try {
      await database.raw('CREATE TABLE shelves (id INTEGER PRIMARY KEY)');
      await database.raw(
        'CREATE TABLE books (shelf INTEGER REFERENCES shelves (id) DEFERRABLE INITIALLY DEFERRED)',
      );
      const refused = inTransaction(database, (trx) => trx('books').insert({ shelf: 7 }));
      await expect(refused).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_FOREIGNKEY' });
      await inTransaction(database, (trx) => trx('shelves').insert({ id: 7 }));
      expect(await database('books')).toEqual([]);
      expect(await database('shelves')).toHaveLength(1);
    } finally {
      await database.destroy();
    }
  });

  it('says that the database is away while the disk is full, and goes on when there is room again', async () => {
    const database = await openDatabase();
    const room = (pages: number) => database.raw(`PRAGMA max_page_count = ${pages}`);
    const fill = () =>
      inTransaction(database, async (trx) => {
        for (let nth = 0; nth < 20; nth += 1) await trx('notes').insert({ text: 'x'.repeat(4_000) });
      });
    try {
      await database.schema.createTable('notes', (table) => void table.text('text'));
      await room(10);
      for (let tried = 0; tried < 2; tried += 1)
        await expect(fill()).rejects.toEqual(
          refusal('GLUE_DATABASE_UNAVAILABLE', /the disk of \S+ is full: make room/),
        );
      expect(await database('notes')).toEqual([]);
      await room(1_000);
      await fill();
      expect(await database('notes')).toHaveLength(20);
    } finally {
      await database.destroy();
    }
  });

  it('waits for another that writes', async () => {
    const [database, other] = [await openDatabase(), await openDatabase()];
    try {
      await database.schema.createTable('notes', (table) => void table.integer('id').primary());
      await database.raw('PRAGMA busy_timeout = 0');
      const writing = await other.transaction();
      await writing('notes').insert({ id: 1 });
      let refused = 0;
      database.on('query-error', () => {
        refused += 1;
        if (refused === 2) void writing.commit();
      });
      await inTransaction(database, (trx) => trx('notes').insert({ id: 2 }));
      expect(refused).toBeGreaterThanOrEqual(2);
      expect(await database('notes')).toHaveLength(2);
    } finally {
      await Promise.all([database.destroy(), other.destroy()]);
    }
  });
});

describeMysql('two MySQL transactions', (openDatabase) => {
  it('that lock each other out both come through', async () => {
    const database = await openDatabase();
    try {
      await database.schema.createTable('notes', (table) => {
        table.integer('id').primary();
        table.integer('version').notNullable();
      });
      await database('notes').insert([
        { id: 1, version: 0 },
        { id: 2, version: 0 },
      ]);
      let met = () => {};
      const bothHoldOne = new Promise<void>((resolve) => (met = resolve));
      let holding = 0;
      let runs = 0;
      const raise = (first: number, second: number) =>
        inTransaction(database, async (trx) => {
          runs += 1;
          await trx('notes').where({ id: first }).increment('version', 1);
          holding += 1;
          if (holding === 2) met();
          await bothHoldOne;
          await trx('notes').where({ id: second }).increment('version', 1);
        });
      await Promise.all([raise(1, 2), raise(2, 1)]);
      expect(runs).toBeGreaterThan(2);
      expect(await database('notes').orderBy('id')).toEqual([
        { id: 1, version: 2 },
        { id: 2, version: 2 },
      ]);
    } finally {
      await database.destroy();
    }
  });
});
