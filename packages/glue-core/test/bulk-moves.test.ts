import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Database } from '../src/database/database.js';
import { newId } from '../src/naming/new-id.js';
import { BulkMoves } from '../src/operate/bulk-moves.js';
import { makeBulkStep, type BulkStep } from '../src/operate/bulk-step.js';
import { statesFor, type Move } from '../src/work/work-moves.js';
import type { WorkState } from '../src/work/work-table.js';
import { describeEachDatabase } from './support/databases.js';
import { jobOf, jobWork, storeJobIn, type JobRow } from './support/job-work.js';
import { refusal } from './support/refusal.js';
import { auditOf } from './support/rows.js';
import { makeJobTables, storeJobs } from './support/work-fixture.js';

const NOW = 10_000;
const outcomes: Readonly<Record<Move, object>> = {
  retry: { state: 'retrying', phase: 1, failures: 0 },
  'dead-letter': { state: 'dead_letter', phase: null, note: 'by test' },
  cancel: { state: 'canceled', phase: null, note: 'by test' },
  queue: { state: 'queued', phase: 1 },
  replay: { finished_at: 400 },
};

describeEachDatabase('bulk moves', (openDatabase) => {
  let database: Database;
  let bulk: BulkMoves;
  let now: number;

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    now = NOW;
    bulk = new BulkMoves({ database, work: jobWork, now: () => now });
  });
  afterEach(() => database.destroy());

  const inState = (state: WorkState) => database<JobRow>('jobs').where({ state }).orderBy('id');
  const dead = (count: number, row: object = {}) =>
    storeJobs(database, 1, count, { state: 'dead_letter', phase: null, finished_at: 400, ...row });

  async function step(id: string, on = database): Promise<BulkStep> {
    return makeBulkStep(on, jobWork, await jobWork.rules(), id, now);
  }

  /** Makes steps as their time comes. @returns how many were made */
  async function runToEnd(id: string): Promise<number> {
    for (let steps = 0; ; steps += 1) {
      const made = await step(id);
      if (made.kind === 'over') return steps;
      if (made.kind !== 'elsewhere') now = made.dueAt;
    }
  }

  it('counts what it would be for, and moves nothing', async () => {
    await dead(3);
    await storeJobIn(database, 'retrying');
    await storeJobIn(database, 'done');
    expect(await bulk.count('retry', {})).toBe(4);
    expect(await bulk.count('retry', { state: 'dead_letter' })).toBe(3);
    expect(await bulk.count('replay', { endpointId: 2 })).toBe(0);
    expect(await inState('dead_letter')).toHaveLength(3);
  });

  it('refuses a state from which the move never starts', async () => {
    await expect(bulk.start('retry', { state: 'done' }, { actor: 'test' })).rejects.toEqual(
      refusal('GLUE_WORK_STATE', 'no retry of what is done, only from retrying, dead_letter'),
    );
    expect(() => bulk.count('cancel', { state: 'processing' })).toThrow(refusal('GLUE_WORK_STATE'));
  });

  it('moves all in bounded steps, behind what comes in, and tells how it goes', async () => {
    await dead(450);
    await storeJobIn(database, 'dead_letter', { endpoint_id: 2 });
    const { id } = await bulk.start('retry', { endpointId: 1 }, { actor: 'Ann', note: 'mended' });
    const first = await step(id);
    expect(first).toEqual({ kind: 'made', dueAt: NOW + 20, lanes: new Set([1]) });
    expect(await bulk.get(id)).toMatchObject({
      state: 'running',
      total: 450,
      moved: 200,
      skipped: undefined,
    });
    expect(await step(id)).toEqual({ kind: 'waits', dueAt: NOW + 20 });
    now += 20;
    expect(await runToEnd(id)).toBe(2);
    expect(await bulk.get(id)).toMatchObject({
      ...{ state: 'done', move: 'retry', total: 450, moved: 450, skipped: 0, actor: 'Ann', note: 'mended' },
      ...{ filter: { endpointId: 1 }, startedAt: NOW, finishedAt: NOW + 40 },
    });
    expect(await inState('retrying').where({ phase: 1, failures: 0, finished_at: null })).toHaveLength(450);
    expect(await inState('dead_letter')).toHaveLength(1);
    expect(await auditOf(database)).toMatchObject([
      { actor: 'Ann', action: 'bulk-move.start', detail: { move: 'retry', total: 450, note: 'mended' } },
      { actor: 'Ann', action: 'bulk-move.done', detail: { move: 'retry', total: 450, moved: 450 } },
    ]);
  });

  it('moves no more per second than it may', async () => {
    await dead(25);
    const { id } = await bulk.start('cancel', {}, { actor: 'test' });
    expect(await bulk.get(id)).toMatchObject({ total: 0 });
    const slow = await bulk.start('retry', {}, { actor: 'test', perSecond: 10 });
    const steps: number[] = [];
    for (let made = await step(slow.id); made.kind === 'made'; made = await step(slow.id)) {
      steps.push(made.dueAt - now);
      now = made.dueAt;
    }
    expect(steps).toEqual([1_000, 1_000, 500]);
  });

  it('leaves alone what arrived or changed since, and counts it', async () => {
    const [first = '', second = '', third = '', fourth = ''] = await dead(4);
    const { id } = await bulk.start('retry', { state: 'dead_letter' }, { actor: 'test' });
    now += 1_000;
    await dead(2, { arrived_at: now });
    await database('jobs').where({ id: first }).update({ state: 'processing', finished_at: null });
    await database('jobs').where({ id: second }).update({ finished_at: now });
    await database('jobs').where({ id: third }).update({ attempts: 3 });
    await database('job_attempts').insert({
      ...{ item_id: third, number: 3, started_at: now, ended_at: now, outcome: 'failed' },
    });
    await runToEnd(id);
    expect(await bulk.get(id)).toMatchObject({ total: 4, moved: 1, skipped: 3 });
    expect((await inState('retrying')).map((row) => row.id)).toEqual([fourth]);
  });

  it('takes exactly the items that it is told', async () => {
    const ids = await dead(30);
    const meant = ids.filter((_, index) => index % 3 === 0);
    const { id, total } = await bulk.start('replay', { ids: meant }, { actor: 'test' });
    expect(total).toBe(10);
    await runToEnd(id);
    expect(await inState('queued').where({ phase: 1 })).toHaveLength(10);
    expect(await bulk.get(id)).toMatchObject({ moved: 10, skipped: 0 });
  });

  it('gives each item that it ends its note', async () => {
    const job = await storeJobIn(database, 'queued');
    const { id } = await bulk.start('dead-letter', {}, { actor: 'Ann', note: 'no use' });
    await runToEnd(id);
    expect(await jobOf(database, job)).toMatchObject({ state: 'dead_letter', note: 'by Ann: no use' });
  });

  it('can be ended in the middle, once', async () => {
    await dead(450);
    const { id } = await bulk.start('retry', {}, { actor: 'test' });
    await step(id);
    expect(await bulk.cancel(id, { actor: 'Bob' })).toMatchObject({ state: 'canceled', moved: 200 });
    now += 1_000;
    expect(await step(id)).toEqual({ kind: 'over' });
    await expect(bulk.cancel(id, { actor: 'Bob' })).rejects.toEqual(
      refusal('GLUE_WORK_STATE', 'is canceled'),
    );
    await expect(bulk.cancel(newId(), { actor: 'Bob' })).rejects.toEqual(refusal('GLUE_BULK_MOVE_NOT_FOUND'));
    await expect(bulk.get(newId())).rejects.toEqual(refusal('GLUE_BULK_MOVE_NOT_FOUND'));
    expect(await inState('dead_letter')).toHaveLength(250);
  });

  it('is listed by its side only, the latest first', async () => {
    const first = await bulk.start('retry', {}, { actor: 'test' });
    const second = await bulk.start('cancel', {}, { actor: 'test' });
    const others = new BulkMoves({ database, work: { ...jobWork, side: 'inbound' }, now: () => now });
    expect((await bulk.list()).map(({ id }) => id)).toEqual([second.id, first.id]);
    expect(await others.list()).toEqual([]);
  });

  describe('on several hosts', () => {
    it('makes no step twice when two make steps at once', async () => {
      const ids = await dead(120);
      const other = await openDatabase();
      try {
        const { id } = await bulk.start('replay', {}, { actor: 'test' });
        for (let over = false; !over; now += 20) {
          const both = await Promise.all([step(id), step(id, other), step(id), step(id, other)]);
          expect(both.filter(({ kind }) => kind === 'made').length).toBeLessThanOrEqual(1);
          over = both.some(({ kind }) => kind === 'over');
        }
        expect(await inState('queued')).toHaveLength(ids.length);
        expect(await bulk.get(id)).toMatchObject({ state: 'done', moved: 120 });
      } finally {
        await other.destroy();
      }
    });

    it('goes on where a host died in the middle of a step: nothing of it is done, nor is it noted', async () => {
      await dead(60);
      const { id } = await bulk.start('replay', {}, { actor: 'test' });
      await step(id);
      now += 20;
      const rules = await jobWork.rules();
      const dies: typeof rules = {
        ...rules,
        replay: async (trx, some, place) => {
          await rules.replay(trx, some, place);
          throw new Error('the host is gone');
        },
      };
      await expect(makeBulkStep(database, jobWork, dies, id, now)).rejects.toThrow('the host is gone');
      expect(await bulk.get(id)).toMatchObject({ moved: 25 });
      await runToEnd(id);
      expect(await inState('queued')).toHaveLength(60);
    });
  });

  it('moves each item once and none that is not meant, whatever the items and wherever hosts die', async () => {
    const states = fc.constantFrom('queued', 'retrying', 'done', 'dead_letter', 'canceled', 'processing');
    const moves = fc.constantFrom<Move>('retry', 'dead-letter', 'cancel', 'replay');
    await fc.assert(
      fc.asyncProperty(
        moves,
        fc.array(fc.tuple(states, fc.integer({ min: 1, max: 3 })), { maxLength: 60 }),
        fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.boolean(), { maxLength: 5 }),
        async (move, jobs, endpointId, perSecond, deaths) => {
          await database('jobs').delete();
          for (const [state, lane] of jobs) await storeJobIn(database, state, { endpoint_id: lane });
          const before = await database<JobRow>('jobs').orderBy('id');
          const filter = endpointId === undefined ? {} : { endpointId };
          const { id, total } = await bulk.start(move, filter, { actor: 'test', perSecond });
          for (const dies of deaths) {
            if (!dies) continue;
            const rules = await jobWork.rules();
            const gone = database.transaction(async (trx) => {
              await makeBulkStep(trx, jobWork, rules, id, now);
              throw new Error('gone');
            });
            await expect(gone).rejects.toThrow('gone');
          }
          await runToEnd(id);
          expect(await bulk.get(id)).toMatchObject({ total, moved: total, skipped: 0 });
          for (const row of before) {
            const isMeant =
              statesFor(move).includes(row.state) && (endpointId ?? row.endpoint_id) === row.endpoint_id;
            const now = await jobOf(database, row.id);
            if (isMeant) expect(now).toMatchObject(outcomes[move]);
            else expect(now).toEqual(row);
          }
          expect(await database('jobs')).toHaveLength(before.length + (move === 'replay' ? total : 0));
        },
      ),
      { numRuns: 25 },
    );
  }, 60_000);
});
