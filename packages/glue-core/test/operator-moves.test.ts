import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { GlueError } from '../src/errors/glue-error.js';
import type { MoveRules, OperatedWork } from '../src/operate/operated-work.js';
import { OperatorMoves } from '../src/operate/operator-moves.js';
import { claimWork } from '../src/work/claim-work.js';
import { Effects } from '../src/work/effects.js';
import { settleWork } from '../src/work/settle-work.js';
import { MOVES, movesOf, type Move } from '../src/work/work-moves.js';
import { WORK_STATES, type WorkState } from '../src/work/work-table.js';
import { describeEachDatabase } from './support/databases.js';
import { jobOf, jobWork, storeJobIn } from './support/job-work.js';
import { refusal } from './support/refusal.js';
import { auditOf, changesOf } from './support/rows.js';
import { makeJobTables, startHost, storeJobs, table } from './support/work-fixture.js';

const NOW = 10_000;
/** The jobs of these tests are fresh when they are queued. */
const STATES = WORK_STATES.filter((state) => state !== 'received');

describeEachDatabase('what operators do with single items', (openDatabase) => {
  let database: Database;
  let moves: OperatorMoves;
  let woken: number[];

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    woken = [];
    moves = movesOn(database);
  });

  afterEach(() => database.destroy());

  function movesOn(connection: Database, work: OperatedWork = jobWork): OperatorMoves {
    return new OperatorMoves({
      database: connection,
      work,
      now: () => NOW,
      wake: (lane) => void woken.push(lane),
    });
  }

  test.each(STATES)('an item that is %s is moved as the table says, and no other way', async (state) => {
    for (const move of MOVES) {
      const id = await storeJobIn(database, state);
      const before = await jobOf(database, id);
      if (movesOf(state).includes(move)) {
        expect(await moves.move(id, move, { actor: 'test' })).toMatchObject({ id, lane: 1, from: state });
        continue;
      }
      const words = new RegExp(`is ${state}, from where there is no ${move}; (possible now|wait)`);
      await expect(moves.move(id, move, { actor: 'test' })).rejects.toEqual(
        refusal('GLUE_WORK_STATE', words),
      );
      expect(await jobOf(database, id)).toEqual(before);
    }
  });

  test.each<[Move, WorkState, object]>([
    ['retry', 'dead_letter', { state: 'retrying', phase: 0, due_at: NOW, failures: 0, finished_at: null }],
    ['retry', 'retrying', { state: 'retrying', phase: 0, due_at: NOW, failures: 0 }],
    ['dead-letter', 'retrying', { state: 'dead_letter', phase: null, finished_at: NOW, note: 'by Ann: no' }],
    ['cancel', 'queued', { state: 'canceled', phase: null, finished_at: NOW, note: 'by Ann: no' }],
    ['queue', 'draft', { state: 'queued', phase: 0, due_at: NOW }],
    ['replay', 'done', { state: 'done', phase: null, finished_at: 400 }],
  ])('%s of one that is %s leaves it so, and counts no attempt', async (move, state, expected) => {
    const id = await storeJobIn(database, state);
    await moves.move(id, move, { actor: 'Ann', note: 'no' });
    expect(await jobOf(database, id)).toMatchObject({ attempts: 3, ...expected });
  });

  it('refuses to replay what cannot be read, and leaves it as it is', async () => {
    const unreadable = (id: string) =>
      new GlueError('GLUE_CONTENT_UNREADABLE', `delivery ${id} cannot be read: its payload is no JSON`);
    const replaying = (replay: MoveRules['replay']) =>
      movesOn(database, {
        ...jobWork,
        rules: async () => ({ ...(await jobWork.rules()), replay }),
      });
    const id = await storeJobIn(database, 'dead_letter', { ordering_key: 'a', open_key: 'a' });
    const before = await jobOf(database, id);
    const broken = replaying((_trx, ids) =>
      Promise.resolve(new Map(ids.map((each) => [each, unreadable(each)]))),
    );
    await expect(broken.move(id, 'replay', { actor: 'test' })).rejects.toEqual(
      refusal('GLUE_CONTENT_UNREADABLE', /its payload is no JSON/),
    );
    const gone = replaying(() => Promise.resolve(new Map()));
    await expect(gone.move(id, 'replay', { actor: 'test' })).rejects.toEqual(
      refusal('GLUE_CONTENT_UNREADABLE', /cannot be read: what is stored of it is gone/),
    );
    expect(await jobOf(database, id)).toEqual(before);
  });

  it('keeps who moved what from where and why, tells every host, and wakes the lane', async () => {
    const id = await storeJobIn(database, 'dead_letter');
    const before = await changesOf(database);
    await moves.move(id, 'retry', { actor: 'Ann', note: 'the receiver is mended' });
    expect(await auditOf(database)).toEqual([
      {
        actor: 'Ann',
        action: 'delivery.retry',
        subject: `outbound delivery ${id}`,
        detail: { from: 'dead_letter', note: 'the receiver is mended' },
      },
    ]);
    expect((await changesOf(database))['work']).toBe(Number(before['work']) + 1);
    expect(woken).toEqual([1]);
  });

  it.each(['dead-letter', 'cancel'] as const)(
    'keeps the note that an item has where %s has none',
    async (move) => {
      const id = await storeJobIn(database, 'retrying');
      await database('jobs').where({ id }).update({ note: 'no answer' });
      await moves.move(id, move, { actor: 'Ann' });
      expect((await jobOf(database, id)).note).toBe('no answer');
      const other = await storeJobIn(database, 'retrying');
      await moves.move(other, move, { actor: 'Ann' });
      expect((await jobOf(database, other)).note).toBe('by Ann');
    },
  );

  it('cuts a long note at the item', async () => {
    const id = await storeJobIn(database, 'queued');
    await moves.move(id, 'cancel', { actor: 'Ann', note: 'o'.repeat(5_000) });
    expect((await jobOf(database, id)).note).toHaveLength(500);
  });

  it('says so when there is no such item', async () => {
    await expect(moves.move('nothing', 'retry', { actor: 'test' })).rejects.toEqual(
      refusal('GLUE_DELIVERY_NOT_FOUND', 'nothing'),
    );
    expect(await auditOf(database)).toEqual([]);
  });

  it('leaves hosts that were lost with an item counted: it gets another chance, not another ten hosts', async () => {
    const id = await storeJobIn(database, 'dead_letter', { takeovers: 10 });
    await moves.move(id, 'retry', { actor: 'test' });
    expect((await jobOf(database, id)).takeovers).toBe(10);
  });

  describe('with an ordering key', () => {
    const keyed = { ordering_key: 'k', open_key: 'k' };
    const closed = { ordering_key: 'k', open_key: null };
    const claimable = () =>
      claimWork(database, table, { lane: 1, phase: 0, nowMs: NOW, limit: 10, owner: 1, token: 1 });

    it.each(['cancel', 'dead-letter'] as const)('%s of the first lets the next go on', async (move) => {
      const first = await storeJobIn(database, 'retrying', keyed);
      const next = await storeJobIn(database, 'queued', keyed);
      expect(await claimable()).toEqual([]);
      await moves.move(first, move, { actor: 'test' });
      expect((await claimable()).map(({ id }) => id)).toEqual([next]);
    });

    it('a dead letter by hand blocks its key where the endpoint says that dead letters do', async () => {
      const id = await storeJobIn(database, 'retrying', { ...keyed, endpoint_id: 9 });
      await moves.move(id, 'dead-letter', { actor: 'test' });
      expect((await jobOf(database, id)).open_key).toBe('k');
    });

    it('a retry makes later ones wait again', async () => {
      const first = await storeJobIn(database, 'dead_letter', closed);
      await storeJobIn(database, 'queued', keyed);
      await moves.move(first, 'retry', { actor: 'test' });
      expect((await claimable()).map(({ id }) => id)).toEqual([first]);
    });

    it('a replay of one that blocks its key lets the key go on, and comes last', async () => {
      const first = await storeJobIn(database, 'dead_letter', keyed);
      const next = await storeJobIn(database, 'queued', keyed);
      const { replayId = '' } = await moves.move(first, 'replay', { actor: 'test' });
      expect((await claimable()).map(({ id }) => id)).toEqual([next]);
      expect((await jobOf(database, replayId)).open_key).toBe('k');
    });
  });

  describe('in a race', () => {
    it('of two operators one moves, and the other learns what the item is now', async () => {
      const other = await openDatabase();
      try {
        for (let round = 0; round < 10; round += 1) {
          const id = await storeJobIn(database, 'retrying');
          const results = await Promise.allSettled([
            moves.move(id, 'cancel', { actor: 'Ann' }),
            movesOn(other).move(id, 'dead-letter', { actor: 'Bob' }),
          ]);
          const lost = results.filter((result) => result.status === 'rejected');
          expect(lost).toHaveLength(1);
          const { state } = await jobOf(database, id);
          expect(lost[0]?.reason).toEqual(refusal('GLUE_WORK_STATE', `is ${state}`));
        }
      } finally {
        await other.destroy();
      }
    });

    it('with a claim either the host has the item or the operator, never both', async () => {
      const other = await openDatabase();
      try {
        for (let round = 1; round <= 20; round += 1) {
          const id = await storeJobIn(database, 'queued');
          const request = { lane: 1, phase: 0, nowMs: NOW, limit: 5, owner: 1, token: round } as const;
          const [claimed, moved] = await Promise.allSettled([
            claimWork(other, table, request),
            moves.move(id, 'cancel', { actor: 'test' }),
          ]);
          const { state } = await jobOf(database, id);
          const hostHasIt = claimed.status === 'fulfilled' && claimed.value.some((row) => row.id === id);
          expect([hostHasIt, moved.status, state]).toEqual(
            hostHasIt ? [true, 'rejected', 'processing'] : [false, 'fulfilled', 'canceled'],
          );
        }
      } finally {
        await other.destroy();
      }
    });

    it('a move finds an item either under way or with its result, nothing between', async () => {
      const [id = ''] = await storeJobs(database, 1, 1);
      const request = { lane: 1, phase: 0, nowMs: NOW, limit: 1, owner: 1, token: 1 } as const;
      const [row] = await claimWork(database, table, request);
      if (!row) throw new Error('nothing was claimed');
      await expect(moves.move(id, 'cancel', { actor: 'test' })).rejects.toEqual(
        refusal('GLUE_WORK_STATE', 'is processing'),
      );
      const attempt = { startedAt: NOW, endedAt: NOW, outcome: 'done' };
      const about = { row, failures: 0, attempt, effects: new Effects(), nowMs: NOW, blocksKey: false };
      const [settled, moved] = await Promise.allSettled([
        settleWork(database, table, [{ ...about, step: { state: 'done' } }]),
        moves.move(id, 'replay', { actor: 'test' }),
      ]);
      expect(settled).toMatchObject({ status: 'fulfilled', value: ['written'] });
      expect((await jobOf(database, id)).state).toBe('done');
      expect(await database('jobs')).toHaveLength(moved.status === 'fulfilled' ? 2 : 1);
      if (moved.status === 'rejected')
        expect(moved.reason).toEqual(refusal('GLUE_WORK_STATE', 'is processing'));
    });
  });

  it('a host that runs takes a retried item up at once, by its whole policy', async () => {
    const id = await storeJobIn(database, 'dead_letter', { failures: 10, attempts: 10 });
    const tried: string[] = [];
    const host = await startHost(database, {
      attempt: (job) => {
        tried.push(job.id);
        return { result: { kind: 'failed', note: 'no' } };
      },
    });
    const { queue, lease } = host;
    const wake = (lane: number) => queue.wake(lane);
    await new OperatorMoves({ database, work: jobWork, now: () => lease.now(), wake }).move(id, 'retry', {
      actor: 'test',
    });
    await queue.idle();
    expect(tried).toEqual([id]);
    expect(await jobOf(database, id)).toMatchObject({ state: 'retrying', failures: 1, attempts: 11 });
    await host.stop();
  });
});
