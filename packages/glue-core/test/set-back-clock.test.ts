import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { newId } from '../src/naming/new-id.js';
import { BulkMoves } from '../src/operate/bulk-moves.js';
import { makeBulkStep } from '../src/operate/bulk-step.js';
import { done, retry } from '../src/outcome/outcome.js';
import { inOrderOfArrival } from '../src/work/arrival-order.js';
import { redateWork } from '../src/work/redate-work.js';
import { describeEachDatabase } from './support/databases.js';
import { jobOf, jobWork, storeJobIn } from './support/job-work.js';
import {
  makeJobTables,
  startHost,
  storeJobs,
  table,
  type TestHost,
  type TestHostOptions,
} from './support/work-fixture.js';

const TEN_MINUTES_MS = 600_000;

describeEachDatabase('where the database’s clock is set back', (openDatabase) => {
  let database: Database;
  let clock: ManualClock;
  let setBy: number;
  let hosts: TestHost[];
  const databaseTime = (): number => clock.monotonic() + setBy;

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    clock = new ManualClock();
    setBy = 0;
    hosts = [];
  });
  afterEach(async () => {
    for (const host of hosts) await host.stop();
    await database.destroy();
  });

  async function host(options: Partial<TestHostOptions> = {}): Promise<TestHost> {
    const attempt = () => ({ result: done() });
    const started = await startHost(database, { clock, databaseTime, leaseMs: 12_000, attempt, ...options });
    hosts.push(started);
    return started;
  }
  const fresh = (count = 1) =>
    storeJobs(database, 1, count, { due_at: databaseTime(), dated_at: databaseTime() });
  const stateOf = async (id: string | undefined): Promise<string> => (await jobOf(database, id ?? '')).state;

  /** Turns the clock to the next renewal, and waits until what it set off has happened. */
  async function renewed(happened: () => boolean | Promise<boolean>): Promise<void> {
    clock.advance(3_000);
    await soon(happened);
  }

  async function soon(happened: () => boolean | Promise<boolean>): Promise<void> {
    for (let look = 0; look < 1_000 && !(await happened()); look += 1)
      await new Promise((resolve) => setTimeout(resolve, 2));
    expect(await happened()).toBe(true);
  }

  it('what was stored by the old time is done at the next renewal, in its order', async () => {
    const order: string[] = [];
    const { queue, logged } = await host({
      attempt: ({ id }) => {
        order.push(id);
        return { result: done() };
      },
    });
    const ids = await fresh(3);
    setBy = -TEN_MINUTES_MS;
    await renewed(() => order.length === 3);
    await queue.idle();
    expect(order).toEqual(ids);
    expect(logged).toContainEqual(expect.stringContaining('clock was set back'));
    const [attempt] = await database('job_attempts').where({ item_id: ids[0] });
    expect(Number(attempt.ended_at)).toBeLessThanOrEqual(databaseTime());
  });

  it('what another host stores by the old time afterwards is done too', async () => {
    await host();
    setBy = -TEN_MINUTES_MS;
    const [first] = await storeJobs(database, 1, 1, { due_at: clock.now(), dated_at: clock.now() });
    await renewed(async () => (await stateOf(first)) === 'done');
    const [second] = await storeJobs(database, 1, 1, { due_at: clock.now(), dated_at: clock.now() });
    await renewed(async () => (await stateOf(second)) === 'done');
  });

  it('a host that was not there finds at its start what was stored by the old time', async () => {
    const [id] = await fresh();
    setBy = -TEN_MINUTES_MS;
    const { queue } = await host();
    await queue.idle();
    expect(await stateOf(id)).toBe('done');
  });

  it('a retry waits for its delay, and no longer', async () => {
    let tries = 0;
    const { queue, lease, wakes } = await host({
      attempt: () => ({ result: ++tries === 1 ? retry() : done() }),
    });
    const [id] = await fresh();
    queue.poke(1);
    await queue.idle();
    expect(wakes).toEqual([{ lane: 1, at: databaseTime() + 60_000 }]);
    clock.advance(1_000);
    setBy = -TEN_MINUTES_MS;
    await renewed(() => wakes.length > 1);
    expect(wakes.at(-1)).toEqual({ lane: 1, at: databaseTime() + 60_000 });
    clock.advance(60_000);
    await soon(() => lease.isHeld());
    queue.wake(1);
    await queue.idle();
    expect(await stateOf(id)).toBe('done');
  });

  it('an attempt that was under way ends no earlier than it began, and its retry is due by the new time', async () => {
    const running = Promise.withResolvers<void>();
    const { queue, lease } = await host({
      attempt: async () => {
        await running.promise;
        return { result: retry() };
      },
    });
    const [id] = await fresh();
    queue.poke(1);
    await soon(() => queue.held === 1);
    setBy = -TEN_MINUTES_MS;
    await renewed(() => lease.wasTimeSetBack);
    running.resolve();
    await queue.idle();
    const { due_at } = await jobOf(database, id ?? '');
    expect(Number(due_at)).toBe(databaseTime() + 60_000);
    const [attempt] = await database('job_attempts');
    expect(Number(attempt.started_at)).toBe(Number(attempt.ended_at));
  });

  it('what waits for a time that somebody named goes on waiting for it; so does what was dated before', async () => {
    const now = clock.now();
    const [named, older, blocked, finished] = [
      await storeJobIn(database, 'queued', { due_at: now + 5_000, dated_at: null }),
      await storeJobIn(database, 'retrying', { due_at: now + 5_000, dated_at: now - 1_000 }),
      await storeJobIn(database, 'queued', { phase: 2, due_at: now + 5_000, dated_at: now + 5_000 }),
      await storeJobIn(database, 'done', { due_at: now + 5_000, dated_at: now + 5_000 }),
    ];
    expect(await redateWork(database, table, now)).toBe(1);
    expect(await redateWork(database, table, now)).toBe(0);
    for (const id of [named, older, finished])
      expect(Number((await jobOf(database, id)).due_at)).toBe(now + 5_000);
    expect(Number((await jobOf(database, blocked)).due_at)).toBe(now);
  });

  it('many are given new dates in batches', async () => {
    const now = clock.now();
    for (const lane of [1, 2, 3, 4])
      await storeJobs(database, lane, 350, { due_at: now + 9_000, dated_at: now + 8_000 });
    expect(await redateWork(database, table, now)).toBe(1_400);
    expect(await database('jobs').where({ due_at: now + 1_000, dated_at: now })).toHaveLength(1_400);
  });

  it('what is stored by the new time comes behind what is claimed of its ordering key', async () => {
    const keyed = { ordering_key: 'k', open_key: 'k' };
    const id = newId(databaseTime());
    await storeJobs(database, 1, 1, { id, ...keyed, state: 'processing', phase: null, owner: 1, token: 1 });
    setBy = -TEN_MINUTES_MS;
    const arriving = [1, 2].map(() => ({ id: newId(databaseTime()), lane: 1, key: 'k' }));
    const [first, second] = await inTransaction(database, (trx) => inOrderOfArrival(trx, table, arriving));
    expect(id < (first?.id ?? '')).toBe(true);
    expect((first?.id ?? '') < (second?.id ?? '')).toBe(true);
  });

  it('a bulk move goes on, and does not wait for its old time to come again', async () => {
    await storeJobs(database, 1, 450, { state: 'dead_letter', phase: null, finished_at: 400 });
    const bulk = new BulkMoves({ database, work: jobWork, now: databaseTime });
    const { id } = await bulk.start('retry', {}, { actor: 'test' });
    const rules = await jobWork.rules();
    const step = () => makeBulkStep(database, jobWork, rules, id, databaseTime());
    expect((await step()).kind).toBe('made');
    expect((await step()).kind).toBe('waits');
    setBy = -TEN_MINUTES_MS;
    expect((await step()).kind).toBe('made');
    expect((await bulk.get(id)).moved).toBe(400);
  });
});
