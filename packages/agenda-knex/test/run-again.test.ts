import { describe, expect, it } from '@jest/globals';
import knexPackage from 'knex';
import { KnexBackend } from '../src/knex-backend.js';
import { isTransient, runAgain } from '../src/run-again.js';
import { onEachDatabase, type TestDatabase } from './databases.js';
import { aJob } from './jobs.js';

const deadlock = () => Object.assign(new Error('deadlock'), { errno: 1213 });

describe('runAgain', () => {
  const pauses: number[] = [];
  const pause = (ms: number) => Promise.resolve(pauses.push(ms));

  it('runs work again that failed for the moment, after growing pauses', async () => {
    let runs = 0;
    const result = await runAgain(
      () => (++runs < 4 ? Promise.reject(deadlock()) : Promise.resolve('done')),
      pause,
    );
    expect([result, runs, pauses.length]).toEqual(['done', 4, 3]);
    expect(Math.max(...pauses)).toBeLessThanOrEqual(40);
  });

  it('gives up after twelve times', async () => {
    let runs = 0;
    const work = () => Promise.reject(Object.assign(deadlock(), { run: ++runs }));
    await expect(runAgain(work, pause)).rejects.toMatchObject({ run: 12 });
  });

  it('gives up after ten seconds', async () => {
    let runs = 0;
    let ms = 0;
    const work = () => Promise.reject(Object.assign(deadlock(), { run: ++runs }));
    await expect(runAgain(work, pause, () => (ms += 4000))).rejects.toMatchObject({ run: 3 });
  });

  it('does not run work again that failed for good', async () => {
    let runs = 0;
    const work = () => Promise.reject(new Error(`failure ${++runs}`));
    await expect(runAgain(work, pause)).rejects.toThrow('failure 1');
  });
});

describe('isTransient', () => {
  it.each([
    [{ errno: 1213 }, true],
    [{ errno: 1205 }, true],
    [{ errno: 1047 }, true],
    [{ errno: 1020 }, true],
    [{ code: 'SQLITE_BUSY' }, true],
    [{ code: 'SQLITE_BUSY_SNAPSHOT' }, true],
    [{ code: '40001' }, true],
    [{ code: '40P01' }, true],
    [{ errno: 1062, code: 'ER_DUP_ENTRY' }, false],
    [{ code: 'SQLITE_CONSTRAINT_UNIQUE' }, false],
    [{ code: 'ECONNREFUSED', errno: -111 }, false],
    [new Error('deadlock'), false],
    ['SQLITE_BUSY', false],
    [null, false],
  ])('%j is %p', (error, expected) => expect(isTransient(error)).toBe(expected));
});

onEachDatabase((database) => {
  it('an operation outlasts a lock that another connection holds', async () => {
    const other = knexPackage.knex(database.config());
    const impatient = knexPackage.knex({
      ...database.config(),
      pool: { min: 0, max: 1, afterCreate: waitLittle(database.dialect) },
    });
    const { repository } = new KnexBackend({ knex: impatient });
    await repository.connect();
    const { _id } = await repository.saveJob(aJob());
    const holder = await other.transaction();
    await holder('agenda_jobs').update({ priority: 1 });
    let refusals = 0;
    impatient.on('query-error', () => {
      if (++refusals === 1) void holder.commit();
    });
    const saved = await repository.saveJob({ ...aJob({ data: 2 }), _id });
    expect(saved.data).toBe(2);
    expect(refusals).toBeGreaterThan(0);
    await impatient.destroy();
    await other.destroy();
  });
});

interface Connection {
  pragma?(text: string): unknown;
  query?(sql: string, done: (error: unknown) => void): unknown;
}

/** Connections that do not wait for locks (on MySQL a second, the least it can be told). */
function waitLittle(dialect: TestDatabase['dialect']) {
  return (connection: Connection, done: (error: unknown, connection: Connection) => void): void => {
    if (dialect === 'sqlite') {
      connection.pragma?.('busy_timeout = 0');
      done(null, connection);
      return;
    }
    const statement = dialect === 'mysql' ? 'set innodb_lock_wait_timeout = 1' : `set lock_timeout = '20ms'`;
    connection.query?.(statement, (error) => done(error, connection));
  };
}
