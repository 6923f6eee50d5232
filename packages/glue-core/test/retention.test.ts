import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { createTable, timeColumn } from '../src/database/columns.js';
import type { Database } from '../src/database/database.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { OperatorMoves } from '../src/operate/operator-moves.js';
import { deleteFinishedWork } from '../src/retention/delete-finished-work.js';
import { deleteOldestRows, deleteOldRows } from '../src/retention/delete-old-rows.js';
import { deleteOldTraces } from '../src/retention/delete-old-traces.js';
import type { WorkState } from '../src/work/work-table.js';
import { describeEachDatabase } from './support/databases.js';
import { jobWork, storeJobIn, type JobRow } from './support/job-work.js';
import { makeJobTables, storeJobs, table } from './support/work-fixture.js';

const BEFORE = 1_000;
const jobs = { table, arrivedAt: 'arrived_at', beside: {} };
/** Timers are called at once. */
const clock = {
  now: () => 0,
  monotonic: () => 0,
  after: (_delayMs: number, call: () => void) => {
    setImmediate(call);
    return () => {};
  },
};

describeEachDatabase('retention', (openDatabase) => {
  let database: Database;
  const deleting = { clock, signal: new AbortController().signal };

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
  });
  afterEach(() => database.destroy());

  const left = async () => (await database<JobRow>('jobs').orderBy('id')).map(({ id }) => id);
  const deleteJobs = (on = database) => deleteFinishedWork(on, jobs, BEFORE, deleting);

  describe('of items', () => {
    it('deletes what was finished long ago, with its attempts, and nothing else', async () => {
      const kept = [
        await storeJobIn(database, 'queued'),
        await storeJobIn(database, 'retrying'),
        await storeJobIn(database, 'processing'),
        await storeJobIn(database, 'done', { finished_at: BEFORE }),
      ];
      const old: string[] = [];
      for (const state of ['done', 'dead_letter', 'canceled'] as const)
        old.push(await storeJobIn(database, state, { finished_at: BEFORE - 1 }));
      for (const id of [...kept, ...old])
        await database('job_attempts').insert({
          ...{ item_id: id, number: 1, started_at: 1, ended_at: 2, outcome: 'failed' },
        });
      expect(await deleteJobs()).toBe(3);
      expect(await left()).toEqual(kept.sort());
      expect((await database('job_attempts')).map((row: { item_id: string }) => row.item_id).sort()).toEqual(
        kept,
      );
      expect(await deleteJobs()).toBe(0);
    });

    it('keeps a dead letter that keeps later items of its ordering key waiting', async () => {
      const id = await storeJobIn(database, 'dead_letter', { ordering_key: 'k', open_key: 'k' });
      await storeJobIn(database, 'dead_letter', { ordering_key: 'k' });
      expect(await deleteJobs()).toBe(1);
      expect(await left()).toEqual([id]);
    });

    it('goes through many in batches, past what it must not touch', async () => {
      const waiting = await storeJobs(database, 1, 450);
      const values = { state: 'done', phase: null, finished_at: 1 };
      for (let group = 0; group < 6; group += 1) await storeJobs(database, 1, 450, values);
      expect(await deleteJobs()).toBe(6 * 450);
      expect(await left()).toEqual(waiting);
    });

    it('does not look further than the first that arrived too late', async () => {
      await storeJobs(database, 1, 450, { arrived_at: BEFORE });
      await storeJobs(database, 1, 450, { arrived_at: BEFORE });
      await storeJobs(database, 1, 450, { arrived_at: BEFORE });
      const looks: string[] = [];
      database.on('query', ({ sql }: { sql: string }) => looks.push(sql));
      expect(await deleteJobs()).toBe(0);
      expect(looks).toHaveLength(1);
    });

    it('by two hosts at once deletes each once', async () => {
      await storeJobs(database, 1, 450, { state: 'done', phase: null, finished_at: 1 });
      const other = await openDatabase();
      try {
        const counts = await Promise.all([deleteJobs(), deleteJobs(other)]);
        expect(counts[0] + counts[1]).toBe(450);
        expect(await left()).toEqual([]);
      } finally {
        await other.destroy();
      }
    });

    it('and an operator who has one tried again at this moment do not meet: it is there whole, or gone whole', async () => {
      const other = await openDatabase();
      try {
        const moves = new OperatorMoves({
          database: other,
          work: jobWork,
          now: () => BEFORE,
          wake: () => {},
        });
        for (let round = 0; round < 10; round += 1) {
          const id = await storeJobIn(database, 'dead_letter');
          await database('job_attempts').insert({
            ...{ item_id: id, number: 1, started_at: 1, ended_at: 2, outcome: 'failed' },
          });
          const [deleted, moved] = await Promise.allSettled([
            deleteJobs(),
            moves.move(id, 'retry', { actor: 'test' }),
          ]);
          const attempts = await database('job_attempts').where({ item_id: id });
          const isThere = moved.status === 'fulfilled';
          expect([await database('jobs').where({ id }), attempts].map((rows) => rows.length)).toEqual(
            isThere ? [1, 1] : [0, 0],
          );
          expect(deleted).toMatchObject({ status: 'fulfilled', value: isThere ? 0 : 1 });
        }
      } finally {
        await other.destroy();
      }
    });

    it('stops between two batches when the host does', async () => {
      await storeJobs(database, 1, 450, { state: 'done', phase: null, finished_at: 1 });
      const stopped = new AbortController();
      const stops = {
        ...clock,
        after: (_delayMs: number, call: () => void) => {
          stopped.abort();
          call();
          return () => {};
        },
      };
      expect(await deleteFinishedWork(database, jobs, BEFORE, { clock: stops, signal: stopped.signal })).toBe(
        100,
      );
      expect(await left()).toHaveLength(350);
    });

    it('touches no unfinished item, whatever the items', async () => {
      const states = fc.constantFrom<WorkState>(
        'queued',
        'processing',
        'retrying',
        'done',
        'dead_letter',
        'canceled',
      );
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(states, fc.integer({ min: 0, max: 2 * BEFORE }), fc.boolean()), {
            maxLength: 40,
          }),
          async (items) => {
            await database('jobs').delete();
            const kept: string[] = [];
            for (const [state, finished, blocks] of items) {
              const isFinished = ['done', 'dead_letter', 'canceled'].includes(state);
              const open = blocks && state === 'dead_letter' ? 'k' : null;
              const id = await storeJobIn(database, state, {
                ...{ ordering_key: 'k', open_key: open },
                ...(isFinished && { finished_at: finished, arrived_at: Math.max(0, finished - 10) }),
              });
              if (!isFinished || finished >= BEFORE || open !== null) kept.push(id);
            }
            await deleteJobs();
            expect(await left()).toEqual(kept.sort());
          },
        ),
        { numRuns: 25 },
      );
    }, 60_000);
  });

  describe('of rows by their time', () => {
    const things = { table: 'things', time: 'at' };
    beforeEach(async () => {
      await inTransaction(database, (trx) =>
        createTable(trx, 'things', (columns) => {
          columns.increments('id');
          timeColumn(columns, 'at');
        }),
      );
      for (let first = 0; first < 1_200; first += 400)
        await database('things').insert(Array.from({ length: 400 }, (_, index) => ({ at: first + index })));
      await database('things').insert({ at: null });
    });
    const times = async () =>
      (await database<{ at: number | null }>('things').orderBy('at')).map(({ at }) => at);

    it('deletes those before a time, and none that has no time yet', async () => {
      expect(await deleteOldRows(database, things, 1_190, deleting)).toBe(1_190);
      expect(await times()).toEqual([null, 1190, 1191, 1192, 1193, 1194, 1195, 1196, 1197, 1198, 1199]);
      expect(await deleteOldRows(database, things, 1_190, deleting)).toBe(0);
    });

    it('deletes the oldest of too many', async () => {
      await database('things').whereNull('at').delete();
      expect(await deleteOldestRows(database, things, 3, deleting)).toBe(1_197);
      expect(await times()).toEqual([1197, 1198, 1199]);
      expect(await deleteOldestRows(database, things, 3, deleting)).toBe(0);
    });
  });

  it('of traces deletes entries of the audit log and bulk moves that are over', async () => {
    const entry = { actor: 'Ann', action: 'x', subject: 'y' };
    await database('glue_audit').insert([
      { ...entry, at: BEFORE - 1 },
      { ...entry, at: BEFORE },
    ]);
    const bulk = {
      ...{ side: 'outbound', move: 'retry', filter: '{}', actor: 'Ann', total: 0, moved: 0 },
      ...{ started_at: 1, due_at: 1 },
    };
    await database('glue_bulk_moves').insert([
      { ...bulk, id: 'old', state: 'done', finished_at: 1 },
      { ...bulk, id: 'runs', state: 'running', finished_at: null },
    ]);
    expect(await deleteOldTraces(database, BEFORE, deleting)).toBe(2);
    expect(await database('glue_audit')).toMatchObject([{ at: BEFORE }]);
    expect(await database('glue_bulk_moves')).toMatchObject([{ id: 'runs' }]);
  });
});
