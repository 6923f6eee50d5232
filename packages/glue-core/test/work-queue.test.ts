import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { ManualClock } from '../src/clock/manual-clock.js';
import { deadLetter, done, retry } from '../src/outcome/outcome.js';
import type { EffectKind } from '../src/work/effects.js';
import { describeEachDatabase } from './support/databases.js';
import {
  makeJobTables,
  startHost,
  storeJobs,
  type TestHost,
  type TestHostOptions,
} from './support/work-fixture.js';

/** A promise that is kept from outside. */
function gate(): { opened: Promise<void>; open: () => void } {
  let open = () => {};
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}

describeEachDatabase('the work queue', (openDatabase) => {
  let database: Database;
  let hosts: TestHost[];
  const clock = new ManualClock();

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    hosts = [];
  });

  afterEach(async () => {
    for (const host of hosts) await host.stop();
    await database.destroy();
  });

  async function host(options: TestHostOptions): Promise<TestHost> {
    const started = await startHost(database, { clock, ...options });
    hosts.push(started);
    return started;
  }

  describe('running', () => {
    it('tries every stored item of all lanes once and logs each attempt', async () => {
      await storeJobs(database, 1, 30);
      await storeJobs(database, 2, 30);
      const seen: string[] = [];
      const { queue } = await host({
        attempt: ({ id }) => {
          seen.push(id);
          return { result: done('fine') };
        },
      });
      await queue.idle();
      expect(seen).toHaveLength(60);
      expect(new Set(seen).size).toBe(60);
      expect(
        await database('jobs').where({ state: 'done', note: 'fine' }).whereNull('owner').whereNull('phase'),
      ).toHaveLength(60);
      expect(await database('job_attempts').where({ number: 1, outcome: 'done' })).toHaveLength(60);
    });

    it('asks the clock for a wake-up after a failure and tries again when woken', async () => {
      const [id] = await storeJobs(database, 7, 1);
      let tries = 0;
      const { queue, wakes } = await host({
        attempt: () => ({ result: ++tries < 3 ? retry({ seconds: 1 }) : done() }),
      });
      await queue.idle();
      expect(wakes).toEqual([{ lane: 7, at: clock.now() + 5_000 }]);
      clock.advance(5_000);
      queue.wake(7);
      await queue.idle();
      clock.advance(300_000);
      queue.wake(7);
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'done',
        attempts: 3,
        failures: 2,
      });
    });

    it('keeps the stack of a thrown error and retries by policy', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const { queue } = await host({
        attempt: () => {
          throw new Error('no such luck');
        },
      });
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'retrying',
        failures: 1,
        note: 'no such luck',
      });
      const attempt = await database('job_attempts').where({ item_id: id }).first();
      expect(attempt).toMatchObject({ outcome: 'failed', cause: 'handler' });
      expect(attempt.error).toContain('work-queue.test');
    });

    it('gives up after the last delay of the policy', async () => {
      const [id] = await storeJobs(database, 1, 1, { failures: 9, attempts: 9 });
      const { queue } = await host({ attempt: () => ({ result: { kind: 'failed', note: 'HTTP 500' } }) });
      await queue.idle();
      const row = await database('jobs').where({ id }).first();
      expect(row).toMatchObject({
        state: 'dead_letter',
        note: 'HTTP 500; given up after 10 attempts',
        phase: null,
      });
    });

    it('forgets hosts that were lost with an item once a result of it is written', async () => {
      const [id] = await storeJobs(database, 1, 1, { takeovers: 9 });
      const { queue } = await host({ attempt: () => ({ result: retry() }) });
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'retrying', takeovers: 0 });
    });

    it('cuts a note that is too long for people', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const { queue } = await host({ attempt: () => ({ result: done('t'.repeat(100_000)) }) });
      await queue.idle();
      expect((await database('jobs').where({ id }).first()).note).toHaveLength(500);
    });

    it('writes a result whose columns the database refuses as a failure, not again and again', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const { queue } = await host({ attempt: () => ({ result: done(), side: { no_such_column: 1 } }) });
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'retrying',
        failures: 1,
        owner: null,
      });
    });

    it('aborts at the deadline, counts a failure, and takes no notice of what comes later', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const never = gate();
      let signal: AbortSignal | undefined;
      const { queue } = await host({
        deadlineMs: 2_000,
        attempt: async (_job, context) => {
          signal = context.signal;
          never.open();
          await new Promise(() => {});
          return { result: done() };
        },
      });
      await never.opened;
      clock.advance(2_000);
      await queue.idle();
      expect(signal?.aborted).toBe(true);
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'retrying',
        note: 'no result within 2000 ms',
      });
    });
  });

  describe('fairness', () => {
    it('never runs more of a lane at once than its limit, nor more in all than the host may', async () => {
      for (const lane of [1, 2, 3]) await storeJobs(database, lane, 20);
      const running = new Map<number, number>();
      let most = 0;
      let mostOfLane = 0;
      const { queue } = await host({
        concurrency: 7,
        laneLimit: () => 4,
        attempt: async ({ lane }) => {
          running.set(lane, (running.get(lane) ?? 0) + 1);
          mostOfLane = Math.max(mostOfLane, running.get(lane) ?? 0);
          most = Math.max(
            most,
            [...running.values()].reduce((sum, count) => sum + count, 0),
          );
          await new Promise((resolve) => setImmediate(resolve));
          running.set(lane, (running.get(lane) ?? 0) - 1);
          return { result: done() };
        },
      });
      await queue.idle();
      expect(await database('jobs').where({ state: 'done' })).toHaveLength(60);
      expect(mostOfLane).toBe(4);
      expect(most).toBeLessThanOrEqual(7);
    });

    it('serves a small lane while a large one has a backlog', async () => {
      await storeJobs(database, 1, 200);
      const [small] = await storeJobs(database, 2, 1);
      const order: string[] = [];
      const { queue } = await host({
        concurrency: 4,
        laneLimit: () => 4,
        attempt: ({ id }) => {
          order.push(id);
          return { result: done() };
        },
      });
      await queue.idle();
      expect(order.indexOf(small as string)).toBeLessThan(20);
    });

    it('lets first attempts overtake waiting retries, and still serves the retries', async () => {
      const retries = await storeJobs(database, 1, 40, {
        phase: 1,
        state: 'retrying',
        attempts: 1,
        failures: 1,
      });
      const fresh = await storeJobs(database, 1, 40);
      const order: string[] = [];
      const { queue } = await host({
        concurrency: 4,
        laneLimit: () => 4,
        attempt: ({ id }) => {
          order.push(id);
          return { result: done() };
        },
      });
      await queue.idle();
      const early = order.slice(0, 40);
      expect(early.filter((id) => fresh.includes(id)).length).toBeGreaterThanOrEqual(30);
      expect(early.filter((id) => retries.includes(id)).length).toBeGreaterThan(0);
      expect(order).toHaveLength(80);
    });

    it('holds a lane whose limit is 0 and goes on when it opens', async () => {
      const [id] = await storeJobs(database, 1, 1);
      let open = false;
      const { queue } = await host({ laneLimit: () => (open ? 1 : 0), attempt: () => ({ result: done() }) });
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'queued', attempts: 0 });
      open = true;
      queue.poke(1);
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'done' });
    });
  });

  describe('ordering keys', () => {
    it('runs items of one key one at a time and in order, also with two hosts', async () => {
      const ids = await storeJobs(database, 1, 12, { ordering_key: 'k', open_key: 'k' });
      const order: string[] = [];
      let running = 0;
      const attempt: TestHostOptions['attempt'] = async ({ id }) => {
        running += 1;
        expect(running).toBe(1);
        await new Promise((resolve) => setImmediate(resolve));
        order.push(id);
        running -= 1;
        return { result: done() };
      };
      const one = await host({ name: 'one', attempt, isRunning: () => true });
      const two = await host({ name: 'two', attempt, isRunning: () => true });
      while (order.length < ids.length) {
        await one.queue.idle();
        two.queue.wake(1);
        await two.queue.idle();
        one.queue.wake(1);
      }
      expect(order).toEqual(ids);
    });

    it.each([
      { blocksKey: true, second: 'queued' },
      { blocksKey: false, second: 'done' },
    ])(
      'a dead letter in front leaves the next $second when blocking is $blocksKey',
      async ({ blocksKey, second }) => {
        const [first, next] = await storeJobs(database, 1, 2, { ordering_key: 'k', open_key: 'k' });
        const { queue } = await host({
          blocksKey,
          attempt: ({ id }) => ({ result: id === first ? deadLetter('bad') : done() }),
        });
        await queue.idle();
        expect(await database('jobs').where({ id: next }).first()).toMatchObject({ state: second });
      },
    );
  });

  describe('effects', () => {
    const notes: EffectKind<string> = {
      name: 'notes',
      write: async (trx, rows) => {
        await trx('notes').insert(rows.map((text) => ({ text })));
      },
    };

    beforeEach(() =>
      database.schema.createTable('notes', (builder) => {
        builder.string('text', 64).unique();
      }),
    );

    it('commit together with the outcome', async () => {
      await storeJobs(database, 1, 5);
      const { queue } = await host({
        attempt: ({ id }, { effects }) => {
          effects.add(notes, id);
          return { result: done() };
        },
      });
      await queue.idle();
      expect(await database('notes')).toHaveLength(5);
    });

    it('are dropped when the attempt fails or is to be tried again', async () => {
      await storeJobs(database, 1, 2);
      let tries = 0;
      const { queue } = await host({
        attempt: ({ id }, { effects }) => {
          effects.add(notes, id);
          if (++tries === 1) throw new Error('after asking for an effect');
          return { result: retry() };
        },
      });
      await queue.idle();
      expect(await database('notes')).toEqual([]);
      expect(await database('jobs').where({ state: 'retrying' })).toHaveLength(2);
    });

    it('that the database refuses fail their own item only', async () => {
      const [bad] = await storeJobs(database, 1, 6);
      await database('notes').insert({ text: 'taken' });
      const { queue } = await host({
        attempt: ({ id }, { effects }) => {
          effects.add(notes, id === bad ? 'taken' : id);
          return { result: done() };
        },
      });
      await queue.idle();
      expect(await database('jobs').where({ state: 'done' })).toHaveLength(5);
      expect(await database('notes')).toHaveLength(6);
      expect(await database('jobs').where({ id: bad }).first()).toMatchObject({
        state: 'retrying',
        failures: 1,
        owner: null,
      });
      expect(await database('job_attempts').where({ item_id: bad })).toHaveLength(1);
    });
  });

  describe('several hosts', () => {
    it('share the work and none does another’s twice', async () => {
      const count = 300;
      for (const lane of [1, 2, 3]) await storeJobs(database, lane, count / 3);
      const seen: string[] = [];
      const attempt: TestHostOptions['attempt'] = async ({ id }) => {
        await new Promise((resolve) => setImmediate(resolve));
        seen.push(id);
        return { result: done() };
      };
      const isRunning = () => true;
      const one = await startHostSoon('one', attempt, isRunning);
      const two = await startHostSoon('two', attempt, isRunning);
      await Promise.all([one.queue.idle(), two.queue.idle()]);
      expect(seen).toHaveLength(count);
      expect(new Set(seen).size).toBe(count);
    });

    it('a late result of a host that lost its lease is refused, and the item runs elsewhere', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const first = gate();
      const started = gate();
      let now = clock.now();
      const slow = await host({
        name: 'slow',
        leaseMs: 12_000,
        clock: new ManualClock(now),
        databaseTime: () => now,
        attempt: async () => {
          started.open();
          await first.opened;
          return { result: done('by slow') };
        },
      });
      await started.opened;
      now += 12_001;
      const other = await host({
        name: 'other',
        clock: new ManualClock(now),
        databaseTime: () => now,
        attempt: () => ({ result: done('by other') }),
      });
      await other.queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'done',
        note: 'by other',
        attempts: 2,
      });
      first.open();
      await slow.queue.idle();
      expect(slow.logged).toContain('a late result was refused');
      expect(await database('jobs').where({ id }).first()).toMatchObject({ note: 'by other' });
      expect(await database('job_attempts').where({ item_id: id })).toHaveLength(1);
    });

    it('a host that starts again takes back what its dead predecessor held at once', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const started = gate();
      await host({
        name: 'same',
        attempt: async () => {
          started.open();
          await new Promise(() => {});
          return { result: done() };
        },
      });
      await started.opened;
      const again = await host({
        name: 'same',
        isRunning: () => false,
        attempt: () => ({ result: done('again') }),
      });
      await again.queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'done', note: 'again' });
    });

    it('a host that finds its lease lost aborts what it runs and begins a new incarnation', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const own = new ManualClock();
      const started = gate();
      let signal: AbortSignal | undefined;
      let tries = 0;
      const alone = await host({
        clock: own,
        leaseMs: 12_000,
        attempt: async (_job, context) => {
          if (++tries > 1) return { result: done('second') };
          signal = context.signal;
          started.open();
          await new Promise((resolve) => context.signal.addEventListener('abort', resolve));
          return { result: done('first') };
        },
      });
      await started.opened;
      const before = alone.lease.incarnation;
      // Another host saw the lease run out and removed it.
      await database('glue_hosts').where({ incarnation: before }).delete();
      own.advance(3_000);
      await expectSoon(() => alone.lease.incarnation !== before);
      await alone.queue.idle();
      expect(signal?.aborted).toBe(true);
      await expectSoon(async () => (await database('jobs').where({ id }).first()).state === 'done');
      expect(await database('jobs').where({ id }).first()).toMatchObject({ note: 'second' });
    });

    it('an item whose hosts were lost too often is given up, so that it cannot end them all', async () => {
      const [id] = await storeJobs(database, 1, 1, {
        state: 'processing',
        phase: null,
        owner: 4_711,
        token: 1,
        attempts: 10,
        takeovers: 9,
      });
      const tried: string[] = [];
      const alone = await host({
        attempt: (job) => {
          tried.push(job.id);
          return { result: done() };
        },
      });
      await alone.queue.idle();
      expect(tried).toEqual([]);
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'dead_letter',
        note: 'given up: 10 hosts were lost while they worked on it',
        owner: null,
        phase: null,
      });
    });

    it('a row that carries this host’s mark without anybody working on it is released', async () => {
      const alone = await host({ attempt: () => ({ result: done() }) });
      const [id] = await storeJobs(database, 1, 1, {
        state: 'processing',
        phase: null,
        owner: alone.lease.incarnation,
        token: 99,
        attempts: 1,
      });
      // A claim under way looks the same, however often one looks.
      for (const look of [1, 2, 3]) {
        await alone.queue.sweep();
        expect([look, (await database('jobs').where({ id }).first()).state]).toEqual([look, 'processing']);
      }
      clock.advance(12_000);
      await alone.queue.sweep();
      await alone.queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'done', attempts: 2 });
    });

    async function startHostSoon(
      name: string,
      attempt: TestHostOptions['attempt'],
      isRunning: () => boolean,
    ): Promise<TestHost> {
      return host({ name, attempt, isRunning, concurrency: 8 });
    }
  });
});

/** Waits for something that the database's answers bring about. */
async function expectSoon(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let turn = 0; turn < 2_000; turn += 1) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await isTrue()).toBe(true);
}
