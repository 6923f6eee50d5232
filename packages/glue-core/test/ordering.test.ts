import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { applyMove } from '../src/operate/apply-move.js';
import { deadLetter, done } from '../src/outcome/outcome.js';
import { blockWork } from '../src/work/block-work.js';
import { claimWork, type ClaimedRow } from '../src/work/claim-work.js';
import { Effects } from '../src/work/effects.js';
import { freeLane } from '../src/work/free-fronts.js';
import { releaseOrphans } from '../src/work/release-work.js';
import { settleWork } from '../src/work/settle-work.js';
import { PHASE } from '../src/work/work-table.js';
import { statesFor, type Move } from '../src/work/work-moves.js';
import { describeEachDatabase } from './support/databases.js';
import { jobWork, type JobRow } from './support/job-work.js';
import {
  makeJobTables,
  startHost,
  storeJobs,
  table,
  type TestHost,
  type TestHostOptions,
} from './support/work-fixture.js';

const NOW = 10_000;
const keyed = (key: string) => ({ ordering_key: key, open_key: key });
/** A turn of the event loop, so that others get theirs. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describeEachDatabase('a long backlog of one ordering key', (openDatabase) => {
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

  const jobs = () => database<JobRow>('jobs').orderBy('id');
  const blocked = () => jobs().where({ phase: PHASE.blocked });

  describe('on a host', () => {
    /** Notes which item ran when, and that no two of a key ran at once. */
    function recorder(keyOf: ReadonlyMap<string, string>) {
      const order: string[] = [];
      const running = new Set<string>();
      const attempt: TestHostOptions['attempt'] = async ({ id }) => {
        const key = keyOf.get(id) ?? '';
        expect(running.has(key)).toBe(false);
        running.add(key);
        await turn();
        order.push(id);
        running.delete(key);
        return { result: done() };
      };
      return { order, attempt };
    }

    async function store(...sizes: readonly number[]): Promise<Map<string, string>> {
      const keyOf = new Map<string, string>();
      for (const [index, size] of sizes.entries())
        for (const id of await storeJobs(database, 1, size, keyed(`k${index}`))) keyOf.set(id, `k${index}`);
      return keyOf;
    }

    async function host(options: TestHostOptions): Promise<TestHost> {
      const started = await startHost(database, { clock, ...options });
      hosts.push(started);
      return started;
    }

    it('is put aside while it waits, and run one at a time and in order; no sweep is needed', async () => {
      const keyOf = await store(120, 3, 60);
      const { order, attempt } = recorder(keyOf);
      const most: number[] = [];
      const { queue } = await host({
        attempt: async (job, context) => {
          most.push((await blocked()).length);
          return attempt(job, context);
        },
      });
      await queue.idle();
      expect(order).toHaveLength(183);
      for (const key of ['k0', 'k1', 'k2']) {
        const ofKey = [...keyOf].filter(([, each]) => each === key).map(([id]) => id);
        expect(order.filter((id) => keyOf.get(id) === key)).toEqual(ofKey);
      }
      expect(Math.max(...most)).toBeGreaterThan(100);
      expect(await blocked()).toEqual([]);
    });

    it('is shared by two hosts, one at a time and in order', async () => {
      const keyOf = await store(80, 40);
      const { order, attempt } = recorder(keyOf);
      const one = await host({ name: 'one', attempt });
      const two = await host({ name: 'two', attempt });
      while (order.length < 120) {
        await Promise.all([one.queue.idle(), two.queue.idle()]);
        one.queue.wake(1);
        two.queue.wake(1);
      }
      for (const key of ['k0', 'k1']) {
        const ofKey = [...keyOf].filter(([, each]) => each === key).map(([id]) => id);
        expect(order.filter((id) => keyOf.get(id) === key)).toEqual(ofKey);
      }
    });

    it('goes on where the host of the one in front is lost', async () => {
      const keyOf = await store(60);
      await host({ name: 'lost', attempt: () => new Promise(() => {}) });
      while ((await blocked()).length < 59) await turn();
      await database('glue_hosts').delete();
      const { order, attempt } = recorder(keyOf);
      const other = await host({ name: 'other', attempt });
      await other.queue.idle();
      expect(order).toEqual([...keyOf.keys()]);
    });

    it('that was forgotten is found by the sweep', async () => {
      const keyOf = await store(40);
      await database('jobs').update({ phase: PHASE.blocked });
      const { order, attempt } = recorder(keyOf);
      const { queue } = await host({ attempt });
      await queue.idle();
      expect(order).toHaveLength(40);
    });

    it('goes on behind a dead letter that does not block, and behind one that is canceled', async () => {
      const keyOf = await store(50);
      const [first = '', second = ''] = keyOf.keys();
      const { order, attempt } = recorder(keyOf);
      const { queue } = await host({
        attempt: (job, context) => (job.id === first ? { result: deadLetter('bad') } : attempt(job, context)),
        laneLimit: () => 1,
      });
      await queue.idle();
      expect(order[0]).toBe(second);
      expect(order).toHaveLength(49);
    });
  });

  describe('step by step', () => {
    let tokens: number;
    beforeEach(() => {
      tokens = 0;
    });

    async function claim(limit = 100, owner = 1): Promise<ClaimedRow[]> {
      const request = (phase: 0 | 1) => ({
        ...{ lane: 1, phase, nowMs: 10 * NOW, limit, owner, token: (tokens += 1) },
      });
      const first = await claimWork(database, table, request(PHASE.first));
      return [...first, ...(await claimWork(database, table, request(PHASE.retry)))];
    }

    async function settle(rows: readonly ClaimedRow[], state: 'done' | 'dead_letter' | 'retrying' = 'done') {
      if (rows.length === 0) return;
      const step = state === 'retrying' ? { state, delayMs: 1 } : { state };
      const attempt = { startedAt: NOW, endedAt: NOW, outcome: 'done' };
      const about = { step, failures: 0, attempt, effects: new Effects(), nowMs: NOW, blocksKey: false };
      await settleWork(
        database,
        table,
        rows.map((row) => ({ ...about, row })),
      );
    }

    const moveItems = async (move: Move, ...ids: readonly string[]) => {
      const rules = await jobWork.rules();
      const place = { nowMs: NOW, phase: PHASE.first };
      return inTransaction(database, (trx) =>
        applyMove(trx, jobWork, { move, ids, place, reason: { actor: 'test' }, rules }),
      );
    };
    const idsOf = (rows: readonly { id: string }[]) => rows.map(({ id }) => id);

    it('few that wait are left where they are', async () => {
      await storeJobs(database, 1, 32, keyed('k'));
      expect(await blockWork(database, table, 1, NOW)).toBe(false);
      expect(await blocked()).toEqual([]);
      await storeJobs(database, 1, 1, keyed('k'));
      await blockWork(database, table, 1, NOW);
      expect(await blocked()).toHaveLength(32);
    });

    it('what has no key, and what is first of its key, is never put aside', async () => {
      const free = await storeJobs(database, 1, 50);
      const [front = ''] = await storeJobs(database, 1, 50, keyed('k'));
      await blockWork(database, table, 1, NOW);
      expect(idsOf(await jobs().where({ phase: 0 }))).toEqual([...free, front].sort());
    });

    it.each<Move>(['cancel', 'dead-letter'])('a %s of the one in front frees the next', async (name) => {
      const [front = '', next = ''] = await storeJobs(database, 1, 50, keyed('k'));
      await blockWork(database, table, 1, NOW);
      await moveItems(name, front);
      expect(idsOf(await claim())).toEqual([next]);
    });

    it('a dead letter that is tried again waits for the later one that is under way, then goes first', async () => {
      const [first = '', second = '', third = ''] = await storeJobs(database, 1, 50, keyed('k'));
      await settle(await claim(), 'dead_letter');
      const underWay = await claim();
      expect(idsOf(underWay)).toEqual([second]);
      await moveItems('retry', first);
      expect(await claim()).toEqual([]);
      await settle(underWay);
      const again = await claim();
      expect(idsOf(again)).toEqual([first]);
      await settle(again);
      expect(idsOf(await claim())).toEqual([third]);
    });

    it('a dead letter that is tried again goes at once where none of its key is under way', async () => {
      const [first = ''] = await storeJobs(database, 1, 50, keyed('k'));
      await settle(await claim(), 'dead_letter');
      await blockWork(database, table, 1, NOW);
      await moveItems('retry', first);
      expect(idsOf(await claim())).toEqual([first]);
    });

    it('whatever happens, no two of a key are under way at once, and none is forgotten', async () => {
      const key = fc.constantFrom('a', 'b', 'c');
      const move = fc.constantFrom<Move>('retry', 'retry', 'cancel', 'dead-letter', 'replay');
      const state = fc.constantFrom('done' as const, 'dead_letter' as const, 'retrying' as const);
      const count = fc.integer({ min: 1, max: 40 });
      const happening = fc.oneof(
        { weight: 4, arbitrary: fc.record({ what: fc.constant('claim' as const), limit: fc.nat(4) }) },
        { weight: 4, arbitrary: fc.record({ what: fc.constant('settle' as const), state }) },
        { weight: 4, arbitrary: fc.record({ what: fc.constant('move' as const), move, index: fc.nat(50) }) },
        { weight: 1, arbitrary: fc.record({ what: fc.constant('store' as const), key, count }) },
        { weight: 1, arbitrary: fc.record({ what: fc.constant('block' as const) }) },
        { weight: 1, arbitrary: fc.record({ what: fc.constant('crash' as const) }) },
      );
      await fc.assert(
        fc.asyncProperty(fc.array(happening, { minLength: 20, maxLength: 60 }), async (happenings) => {
          await database('jobs').delete();
          await database('job_attempts').delete();
          await storeJobs(database, 1, 40, keyed('a'));
          let held: ClaimedRow[] = [];
          for (const each of happenings) {
            switch (each.what) {
              case 'store':
                await storeJobs(database, 1, each.count, keyed(each.key));
                break;
              case 'claim': {
                const claimed = await claim(each.limit + 1);
                for (const { id } of claimed) await expectInFront(id);
                held.push(...claimed);
                break;
              }
              case 'settle':
                await settle(held.splice(0, 1), each.state);
                break;
              case 'block':
                await blockWork(database, table, 1, NOW);
                break;
              case 'move': {
                const possible = idsOf(await jobs().whereIn('state', statesFor(each.move)));
                if (possible.length > 0)
                  await moveItems(each.move, possible[each.index % possible.length] ?? '');
                break;
              }
              case 'crash':
                await releaseOrphans(database, table, NOW);
                await freeLane(database, table, 1);
                held = [];
                break;
            }
            const underWay = await jobs().where({ state: 'processing' });
            expect(new Set(underWay.map((row) => row.open_key)).size).toBe(underWay.length);
          }
          await settle(held);
          for (let claimed = await claim(); claimed.length > 0; claimed = await claim())
            await settle(claimed);
          expect(await jobs().whereNotNull('phase')).toEqual([]);
        }),
        { numRuns: 40 },
      );

      /** No earlier one of its key is open. */
      async function expectInFront(id: string): Promise<void> {
        const [row] = await jobs().where({ id });
        const [front] = await jobs().where({ open_key: row?.open_key ?? '' });
        expect(front?.id).toBe(id);
      }
    }, 240_000);
  });
});
