import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { systemClock, type Clock } from '../src/clock/clock.js';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database, Transaction } from '../src/database/database.js';
import { done } from '../src/outcome/outcome.js';
import { describeEachDatabase, describeMysql } from './support/databases.js';
import { makeJobTables, startHost, storeJobs, type TestHost } from './support/work-fixture.js';

type Write = (trx: Transaction) => Promise<void>;

/** A host whose first lane has one job with a write of its own, and whose second has others. */
async function runBeside(
  database: Database,
  write: Write,
  clock: Clock = new ManualClock(),
): Promise<{ host: TestHost; bad: string | undefined }> {
  const [bad] = await storeJobs(database, 1, 1);
  await storeJobs(database, 2, 20);
  const host = await startHost(database, {
    clock,
    attempt: ({ id }, { effects }) => {
      if (id === bad) effects.run(write);
      return { result: done() };
    },
  });
  return { host, bad };
}

describeEachDatabase('a write of a handler that', (open) => {
  let database: Database;
  let host: TestHost;
  let bad: string | undefined;

  beforeEach(async () => {
    database = await open();
    await makeJobTables(database);
    await database.schema.createTable('notes', (table) => void table.integer('id').primary());
  });
  afterEach(async () => {
    await host.stop();
    await database.destroy();
  });

  const jobs = (lane: number) => database('jobs').where({ endpoint_id: lane });

  it.each<[string, object]>([
    ['cannot reach another server', { code: 'ECONNREFUSED' }],
    ['loses another database', { code: 'PROTOCOL_CONNECTION_LOST', fatal: true }],
    ['finds a file of its own locked', { code: 'SQLITE_BUSY' }],
    ['meets a deadlock in another database', { errno: 1213 }],
    ['waits for a connection of another pool', { name: 'KnexTimeoutError' }],
    ['finds another disk full', { code: 'SQLITE_FULL' }],
  ])('%s is a failed attempt of its item alone, at once', async (_name, fields) => {
    // With a clock that stands still nothing that waits gets done.
    ({ host, bad } = await runBeside(database, async (trx) => {
      await trx('notes').insert({ id: 1 });
      throw Object.assign(new Error('their network'), fields);
    }));
    await host.queue.idle();
    expect(await jobs(2).where({ state: 'done' })).toHaveLength(20);
    expect(await jobs(1)).toMatchObject([{ id: bad, state: 'retrying', note: 'their network', failures: 1 }]);
    expect(await database('notes')).toEqual([]);
  });

  it('is refused by our database for what it says is a failed attempt of its item alone', async () => {
    ({ host, bad } = await runBeside(database, (trx) => trx.raw('INSERT INTO nowhere VALUES (1)')));
    await host.queue.idle();
    expect(await jobs(2).where({ state: 'done' })).toHaveLength(20);
    expect(await jobs(1)).toMatchObject([{ state: 'retrying', failures: 1 }]);
  });

  it('takes no notice of a statement that was refused for what it says is kept', async () => {
    ({ host } = await runBeside(database, async (trx) => {
      await trx('notes').insert({ id: 1 });
      await trx('notes')
        .insert({ id: 1 })
        .catch(() => {});
    }));
    await host.queue.idle();
    expect(await jobs(1)).toMatchObject([{ state: 'done' }]);
    expect(await database('notes')).toEqual([{ id: 1 }]);
  });
});

describeMysql('a write of a handler that', (open) => {
  let database: Database;
  let other: Database;
  let host: TestHost;

  beforeEach(async () => {
    [database, other] = [await open(), await open()];
    await makeJobTables(database);
    await database.schema.createTable('notes', (table) => {
      table.integer('id').primary();
      table.integer('version').notNullable().defaultTo(0);
    });
    await database('notes').insert([{ id: 1 }, { id: 2 }]);
  });
  afterEach(async () => {
    await host.stop();
    await Promise.all([database.destroy(), other.destroy()]);
  });

  it.each([
    ['takes no notice of', async (statement: Promise<unknown>) => void (await statement.catch(() => {}))],
    [
      'throws something else after',
      (statement: Promise<unknown>) =>
        statement.then(
          () => {},
          () => Promise.reject(new Error('mine')),
        ),
    ],
  ])('%s a deadlock is run again as a whole, with all beside it', async (_name, through) => {
    let runs = 0;
    const raise = (trx: Transaction, id: number) => trx('notes').where({ id }).increment('version', 1);
    ({ host } = await runBeside(database, async (trx) => {
      runs += 1;
      if (runs > 1) return void (await raise(trx, 1));
      await raise(trx, 1);
      const rival = await other.transaction();
      // The rival has written more, so that it is not the one to give way.
      await rival('notes').insert(Array.from({ length: 200 }, (_, index) => ({ id: 100 + index })));
      await raise(rival, 2);
      const theirs = raise(rival, 1).then(() => rival.rollback());
      await through(raise(trx, 2).then(() => {}));
      await theirs;
    }));
    await host.queue.idle();
    expect(runs).toBe(2);
    expect(await database('jobs').where({ state: 'done' })).toHaveLength(21);
    expect(await database('job_attempts')).toHaveLength(21);
    expect(await database('notes').orderBy('id')).toMatchObject([{ version: 1 }, { version: 0 }]);
  });

  it('waits for a lock that another transaction keeps holds up nobody else', async () => {
    const holder = await other.transaction();
    await holder('notes').where({ id: 1 }).update({ version: 7 });
    const startedAt = performance.now();
    const started = await runBeside(
      database,
      async (trx) => void (await trx('notes').where({ id: 1 }).increment('version', 1)),
      systemClock,
    );
    ({ host } = started);
    while ((await database('jobs').where({ state: 'done' })).length < 20)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(performance.now() - startedAt).toBeLessThan(6_000);
    await holder.rollback();
    await host.queue.idle();
    expect(await database('jobs').where({ state: 'done' })).toHaveLength(21);
    expect(await database('notes').where({ id: 1 })).toMatchObject([{ version: 1 }]);
  }, 20_000);
});
