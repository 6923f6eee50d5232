import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { ManualClock } from '../src/clock/manual-clock.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { applyMove } from '../src/operate/apply-move.js';
import { deadLetter, done, retry } from '../src/outcome/outcome.js';
import type { EffectKind } from '../src/work/effects.js';
import { describeEachDatabase } from './support/databases.js';
import { jobWork } from './support/job-work.js';
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

  async function until(happened: () => boolean): Promise<void> {
    // By time, not by turns: how many a database takes depends on what else the machine does.
    const givenUpAt = performance.now() + 20_000;
    while (!happened() && performance.now() < givenUpAt)
      await new Promise((resolve) => setImmediate(resolve));
    expect(happened()).toBe(true);
  }

  async function host(options: TestHostOptions): Promise<TestHost> {
    const started = await startHost(database, { clock, ...options });
    hosts.push(started);
    return started;
  }

  /** Stops the queue of a host whose attempts never end. @returns whether all of it was finished */
  async function stopped({ queue }: TestHost): Promise<boolean> {
    const stopping = queue.stop(1_000);
    clock.advance(1_000);
    return stopping;
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

    it('writes results that came together in few statements, and each due time as its own item has it', async () => {
      const ids = await storeJobs(database, 1, 40);
      const asked = new Map(ids.map((id, n) => [id, n % 2 === 0 ? undefined : 1_000 + n]));
      let updates = 0;
      database.on('query', ({ sql }: { sql: string }) => {
        if (/^update .*`attempts`|^update .*failures/i.test(sql)) updates += 1;
      });
      const { queue } = await host({
        laneLimit: () => 100,
        attempt: async ({ id }) => {
          clock.advance(1);
          const seconds = asked.get(id);
          return { result: seconds === undefined ? done() : retry({ seconds }) };
        },
      });
      await queue.idle();
      expect(updates).toBeLessThanOrEqual(4);
      const rows = await database('jobs').select('id', 'state', 'due_at');
      const latest = clock.now();
      for (const { id, state, due_at } of rows) {
        const seconds = asked.get(id);
        expect(state).toBe(seconds === undefined ? 'done' : 'retrying');
        if (seconds === undefined) continue;
        expect(Number(due_at) - latest).toBeGreaterThan(seconds * 1_000 - 50);
        expect(Number(due_at) - latest).toBeLessThanOrEqual(seconds * 1_000);
      }
    });

    it('forgets nothing that falls due between a claim and the look at what is next', async () => {
      await storeJobs(database, 1, 1, { state: 'retrying', phase: 1, attempts: 1, due_at: clock.now() + 5 });
      const { queue, wakes } = await host({ attempt: () => ({ result: done() }) });
      await queue.idle();
      expect(wakes).toHaveLength(1);
      let late = true;
      database.on('query', ({ sql }: { sql: string }) => {
        if (!late || !sql.includes('UNION ALL')) return;
        late = false;
        clock.advance(10);
      });
      queue.wake(1);
      await queue.idle();
      expect(await database('jobs').where({ state: 'done' })).toHaveLength(1);
    });

    it('forgets no retry that falls due before its wake-up is asked for', async () => {
      await storeJobs(database, 1, 1);
      let tries = 0;
      const { queue } = await host({ attempt: () => ({ result: ++tries < 2 ? retry() : done() }) });
      let late = true;
      database.on('query', ({ sql }: { sql: string }) => {
        if (!late || tries === 0 || !sql.includes('UNION ALL')) return;
        late = false;
        clock.advance(60_000);
      });
      queue.wake(1);
      await queue.idle();
      expect(await database('jobs').where({ state: 'done' })).toHaveLength(1);
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

    it('makes a dead letter of an item whose content is gone, also when it is tried again, and goes on with its key', async () => {
      const [id = '', next = ''] = await storeJobs(database, 1, 2, { ordering_key: 'k', open_key: 'k' });
      const { queue } = await host({
        blocksKey: true,
        isGone: (each) => each === id,
        attempt: () => ({ result: done() }),
      });
      await queue.idle();
      const note = expect.stringContaining('its content is gone');
      const gone = { state: 'dead_letter', note, owner: null, phase: null, open_key: null };
      expect(await database('jobs').where({ id }).first()).toMatchObject({ ...gone, attempts: 1 });
      expect(await database('jobs').where({ id: next }).first()).toMatchObject({ state: 'done' });
      const order = {
        move: 'retry' as const,
        ids: [id],
        place: { nowMs: clock.now(), phase: 0 as const },
        reason: { actor: 'test' },
      };
      const rules = await jobWork.rules();
      await inTransaction(database, (trx) => applyMove(trx, jobWork, { ...order, rules }));
      queue.wake(1);
      await queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ ...gone, attempts: 2 });
      expect(await database('job_attempts').where({ item_id: id }).orderBy('number')).toMatchObject(
        [1, 2].map((number) => ({ number, outcome: 'dead_letter', cause: 'internal', note })),
      );
    });

    it('gives back what is claimed of a lane that turns out to be held, as if it had not been claimed', async () => {
      const [first, second] = [await storeJobs(database, 1, 2), await storeJobs(database, 2, 1)];
      let isKnown = true;
      const { queue, logged } = await host({
        laneLimit: (lane) => (lane === 1 && !isKnown ? 0 : 10),
        isHeld: (lane) => lane === 1 && !isKnown,
        // The endpoint is gone from memory between the claim and the load.
        beforeLoad: async () => void (isKnown = false),
        attempt: () => ({ result: done() }),
      });
      await queue.idle();
      expect(queue.held).toBe(0);
      expect(logged).not.toContain('work could not be claimed');
      for (const id of first)
        expect(await database('jobs').where({ id }).first()).toMatchObject({
          ...{ state: 'queued', phase: 0, owner: null, token: null, attempts: 0 },
        });
      expect(await database('jobs').where({ id: second[0] }).first()).toMatchObject({ state: 'done' });
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

    it('keeps a result where the database refuses what else the log was to hold of it', async () => {
      const [accepted, failed] = await storeJobs(database, 1, 2);
      let tries = 0;
      const { queue } = await host({
        attempt: ({ id }) => {
          tries += 1;
          const result = id === accepted ? done('the receiver took it') : retry({ note: 'not yet' });
          return { result, error: 'a stack', side: { no_such_column: 1 } };
        },
      });
      await queue.idle();
      expect(tries).toBe(2);
      expect(await database('jobs').where({ id: accepted }).first()).toMatchObject({
        ...{ state: 'done', failures: 0, owner: null, note: 'the receiver took it' },
      });
      expect(await database('jobs').where({ id: failed }).first()).toMatchObject({
        ...{ state: 'retrying', failures: 1, owner: null, note: 'not yet' },
      });
      const rows = await database('job_attempts').orderBy('item_id');
      expect(rows).toMatchObject([
        { item_id: accepted, outcome: 'done', error: 'a stack' },
        { item_id: failed, outcome: 'retry', error: 'a stack' },
      ]);
    });

    it('writes a result with effects that the database refuses as a failure, not again and again', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const { queue } = await host({
        attempt: (_job, { effects }) => {
          effects.add({ name: 'rows', write: async (trx) => trx('no_such_table').insert({ a: 1 }) }, {});
          return { result: done(), side: { no_such_column: 1 } };
        },
      });
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
    it('fills places that become free in the same turn by one claim', async () => {
      await storeJobs(database, 1, 40);
      let claims = 0;
      database.on('query', ({ sql }: { sql: string }) => {
        if (sql.includes("SET state = 'processing'")) claims += 1;
      });
      const { queue } = await host({
        laneLimit: () => 8,
        attempt: async () => {
          await new Promise((resolve) => setImmediate(resolve));
          return { result: done() };
        },
      });
      await queue.idle();
      expect(await database('jobs').where({ state: 'done' })).toHaveLength(40);
      // Five times eight places, and some in between; one by one it would be forty.
      expect(claims).toBeGreaterThan(0);
      expect(claims).toBeLessThan(20);
    });

    it('never runs more of a lane at once than its limit, nor more in all than the host may', async () => {
      // In the end the last lane has the host for itself, and its limit is what holds it.
      for (const lane of [1, 2, 3]) await storeJobs(database, lane, 20 * lane);
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
      expect(await database('jobs').where({ state: 'done' })).toHaveLength(120);
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

    it('serves others at once while 26 lanes hang', async () => {
      for (let lane = 1; lane <= 26; lane += 1) await storeJobs(database, lane, 12);
      const hanging: number[] = [];
      const never = gate();
      const others: number[] = [];
      const { queue } = await host({
        concurrency: 256,
        attempt: async ({ lane }) => {
          if (lane > 26) others.push(lane);
          else {
            hanging.push(lane);
            await never.opened;
          }
          return { result: done() };
        },
      });
      await expectSoon(() => hanging.length >= 192);
      for (const lane of [100, 101]) {
        await storeJobs(database, lane, 5);
        queue.poke(lane);
      }
      await expectSoon(() => others.length === 10);
      never.open();
      await queue.idle();
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
      const one = await host({ name: 'one', attempt });
      const two = await host({ name: 'two', attempt });
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
      const one = await startHostSoon('one', attempt);
      const two = await startHostSoon('two', attempt);
      await Promise.all([one.queue.idle(), two.queue.idle()]);
      expect(seen).toHaveLength(count);
      expect(new Set(seen).size).toBe(count);
    });

    it('what was claimed before the lease was lost is not begun after it', async () => {
      await storeJobs(database, 1, 1);
      const [loading, loaded] = [gate(), gate()];
      let now = clock.now();
      const tried: string[] = [];
      const attempt = (name: string) => () => {
        tried.push(name);
        return { result: done() };
      };
      const own = new ManualClock(now);
      const slow = await host({
        name: 'slow',
        leaseMs: 12_000,
        clock: own,
        databaseTime: () => now,
        attempt: attempt('slow'),
        beforeLoad: () => {
          loading.open();
          return loaded.opened;
        },
      });
      await loading.opened;
      const { incarnation } = slow.lease;
      now += 12_001;
      const other = await host({
        name: 'other',
        clock: new ManualClock(now),
        databaseTime: () => now,
        attempt: attempt('other'),
      });
      await other.queue.idle();
      own.advance(12_001);
      await until(() => slow.lease.incarnation !== incarnation);
      loaded.open();
      await slow.queue.idle();
      expect(tried).toEqual(['other']);
    });

    it('a result whose commit went through, but not the answer to it, counts', async () => {
      const [id] = await storeJobs(database, 1, 1);
      let lost = 0;
      const unsure = new Proxy(database, {
        get: (target, key, receiver): unknown => {
          const value: unknown = Reflect.get(target, key, receiver);
          if (key !== 'transaction' || typeof value !== 'function') return value;
          return async (work: unknown): Promise<unknown> => {
            const result: unknown = await value.call(target, work);
            const written = await database('job_attempts').where({ item_id: id });
            if (written.length === 0 || lost > 0) return result;
            lost += 1;
            throw Object.assign(new Error('lost'), { code: 'ECONNRESET' });
          };
        },
      });
      const alone = await startHost(unsure, { clock, attempt: () => ({ result: retry({ seconds: 9 }) }) });
      hosts.push(alone);
      await until(() => alone.logged.includes('a result could not be written'));
      clock.advance(500);
      await alone.queue.idle();
      expect(alone.logged).not.toContain('a late result was refused');
      expect(alone.wakes).toHaveLength(1);
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'retrying', attempts: 1 });
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
        namesakes: 'dead',
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

    it('claims at once, when it has a lease again, what it was poked for while it had none', async () => {
      const own = new ManualClock();
      const alone = await host({ clock: own, leaseMs: 12_000, attempt: () => ({ result: done() }) });
      const before = alone.lease.incarnation;
      // The renewals find no time to be answered.
      own.advance(13_000);
      expect(alone.lease.isHeld()).toBe(false);
      const [id] = await storeJobs(database, 1, 1);
      alone.queue.poke(1);
      await expectSoon(() => alone.lease.incarnation !== before);
      await expectSoon(async () => (await database('jobs').where({ id }).first()).state === 'done');
    });

    it('what an attempt has decided is recorded, and not tried again, where the lease is lost before it ends', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const own = new ManualClock();
      const started = gate();
      let tries = 0;
      const alone = await host({
        clock: own,
        leaseMs: 12_000,
        attempt: (_job, context) => {
          tries += 1;
          context.decided({ result: done('accepted') });
          started.open();
          return new Promise(() => {});
        },
      });
      await started.opened;
      const before = alone.lease.incarnation;
      await database('glue_hosts').where({ incarnation: before }).delete();
      own.advance(3_000);
      await expectSoon(() => alone.lease.incarnation !== before);
      await alone.queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'done', note: 'accepted' });
      expect(await database('job_attempts')).toMatchObject([{ item_id: id, outcome: 'done', owner: before }]);
      expect(tries).toBe(1);
    });

    it('what another host has taken over meanwhile stays its own, whatever was decided', async () => {
      const [id] = await storeJobs(database, 1, 1);
      const started = gate();
      const alone = await host({
        attempt: (_job, context) => {
          context.decided({ result: done('too late') });
          started.open();
          return new Promise(() => {});
        },
      });
      await started.opened;
      await database('jobs').where({ id }).update({ owner: 4_711, token: 1 });
      await stopped(alone);
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'processing',
        owner: 4_711,
        note: null,
      });
      expect(alone.logged).toContain('a late result was refused');
    });

    it('what an attempt has decided is recorded where the host stops before it ends, and nothing else is', async () => {
      const [first, other] = await storeJobs(database, 1, 2);
      const started = gate();
      const alone = await host({
        attempt: (job, context) => {
          if (job.id === first) context.decided({ result: done('accepted') });
          else started.open();
          return new Promise(() => {});
        },
      });
      await started.opened;
      expect(await stopped(alone)).toBe(false);
      expect(alone.queue.held).toBe(1);
      expect(await database('jobs').where({ id: first }).first()).toMatchObject({
        state: 'done',
        note: 'accepted',
      });
      expect(await database('jobs').where({ id: other }).first()).toMatchObject({ state: 'processing' });
    });

    it.each<[string, 'ends' | 'throws' | 'never ends', string]>([
      ['what it ends with counts', 'ends', 'at its end'],
      ['what it had decided counts, should it throw', 'throws', 'before'],
      ['what it had decided counts, should its time be up', 'never ends', 'before'],
    ])('of an attempt that decides and goes on, %s', async (_name, way, note) => {
      const [id] = await storeJobs(database, 1, 1);
      const own = new ManualClock();
      const alone = await host({
        clock: own,
        attempt: async (job, context) => {
          context.decided({ result: done('before') });
          if (way === 'throws') throw new Error('afterwards');
          if (way === 'ends') return { result: done('at its end') };
          setImmediate(() => own.advance(job.deadlineMs));
          return new Promise(() => {});
        },
      });
      await alone.queue.idle();
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'done', note });
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
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'retrying',
        takeovers: 10,
      });
      clock.advance(8_000);
      alone.queue.wake(1);
      await alone.queue.idle();
      expect(tried).toEqual([]);
      expect(await database('jobs').where({ id }).first()).toMatchObject({
        state: 'dead_letter',
        note: 'given up: 10 hosts were lost while they worked on it',
        owner: null,
        phase: null,
      });
      expect(await database('job_attempts').where({ item_id: id }).first()).toMatchObject({
        number: 11,
        outcome: 'dead_letter',
        cause: 'internal',
      });
    });

    it('what was taken over is looked for again where the first look fails, not only at the next sweep', async () => {
      const [own, faults] = [new ManualClock(), refusing(database)];
      const alone = await startHost(faults.database, { clock: own, attempt: () => ({ result: done() }) });
      hosts.push(alone);
      const [id] = await storeJobs(database, 1, 1, {
        ...{ state: 'processing', phase: null, owner: 4_711, token: 1, attempts: 1 },
      });
      faults.refuse(/WITH .*lanes/s);
      own.advance(3_000);
      await expectSoon(() =>
        alone.logged.some((line) => line.startsWith('the work of other hosts could not')),
      );
      expect(await database('jobs').where({ id }).first()).toMatchObject({ state: 'retrying', owner: null });
      faults.heal();
      own.advance(3_000);
      await expectSoon(async () => (await database('jobs').where({ id }).first()).state === 'done');
    });

    it('a lane whose next due time could not be asked for is asked again', async () => {
      const [own, faults] = [new ManualClock(), refusing(database)];
      const alone = await startHost(faults.database, { clock: own, attempt: () => ({ result: done() }) });
      hosts.push(alone);
      await storeJobs(database, 1, 1, { state: 'retrying', phase: 1, due_at: own.now() + 60_000 });
      faults.refuse(/MIN\(due_at\)/);
      alone.queue.wake(1);
      await expectSoon(() => alone.logged.includes('work could not be claimed'));
      faults.heal();
      own.advance(500);
      await expectSoon(() => alone.wakes.length > 0);
      expect(alone.wakes).toEqual([{ lane: 1, at: own.now() - 500 + 60_000 }]);
    });

    it('a retry whose wake-up could not be asked for is asked for again', async () => {
      const [own, faults] = [new ManualClock(), refusing(database)];
      const [asked, cut] = [gate(), gate()];
      const attempt = async () => {
        asked.open();
        await cut.opened;
        return { result: retry({ seconds: 60 }) };
      };
      const alone = await startHost(faults.database, { clock: own, attempt });
      hosts.push(alone);
      await storeJobs(database, 1, 1);
      alone.queue.poke(1);
      await asked.opened;
      // The claim's own look at what is next is over.
      await new Promise((resolve) => setTimeout(resolve, 50));
      faults.refuse(/MIN\(due_at\)/);
      cut.open();
      await expectSoon(() => alone.logged.some((line) => line.startsWith('no wake-up asked for')));
      faults.heal();
      await expectSoon(() => {
        own.advance(500);
        return alone.wakes.length > 0;
      });
      expect(await database('jobs').where({ state: 'retrying', attempts: 1 })).toHaveLength(1);
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

    async function startHostSoon(name: string, attempt: TestHostOptions['attempt']): Promise<TestHost> {
      return host({ name, attempt, concurrency: 8 });
    }
  });
});

/** A database that refuses, while it is told to, the raw statements that match, as one does whose line is cut. */
function refusing(database: Database) {
  let refused: RegExp | undefined;
  const raw = (sql: string, ...values: unknown[]): unknown =>
    refused?.test(sql)
      ? Promise.reject(Object.assign(new Error('cut'), { code: 'ECONNRESET' }))
      : Reflect.apply(database.raw, database, [sql, ...values]);
  const faulty = new Proxy(database, {
    get: (target, key, receiver): unknown => (key === 'raw' ? raw : Reflect.get(target, key, receiver)),
  });
  return {
    database: faulty,
    refuse: (sql: RegExp) => void (refused = sql),
    heal: () => void (refused = undefined),
  };
}

/** Waits for something that the database's answers bring about. */
async function expectSoon(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  const givenUpAt = performance.now() + 20_000;
  while (performance.now() < givenUpAt) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await isTrue()).toBe(true);
}
