import { describe, expect, it } from '@jest/globals';
import { computeJobState, type JobParameters, type JobsQueryOptions, type JobState } from 'agenda';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend, NOON } from './jobs.js';

const STATES: JobState[] = ['running', 'failed', 'repeating', 'scheduled', 'queued', 'completed', 'paused'];

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const { clock } = store;
  const save = (job = {}) => store.repository().saveJob(aJob(job));
  const query = (options?: JobsQueryOptions) => store.repository().queryJobs(options);
  const names = async (options?: JobsQueryOptions) => (await query(options)).jobs.map(({ name }) => name);
  const saveNamed = async (...jobs: string[]) => {
    for (const name of jobs) await save({ name });
  };

  describe('queryJobs', () => {
    it('finds all without options, and none in an empty table', async () => {
      expect(await query()).toEqual({ jobs: [], total: 0 });
      await saveNamed('a', 'b');
      expect((await query()).total).toBe(2);
    });

    it('finds by name, names, id and ids, and by all that is given together', async () => {
      const a = await save({ name: 'a' });
      const b = await save({ name: 'b' });
      await save({ name: 'c' });
      const [idOfA, idOfB] = [`${a._id}`, `${b._id}`];
      expect(await names({ name: 'a' })).toEqual(['a']);
      expect(await names({ names: ['a', 'b'], sort: { name: 'asc' } })).toEqual(['a', 'b']);
      expect(await names({ names: [] })).toHaveLength(3);
      expect(await names({ id: idOfB })).toEqual(['b']);
      expect(await names({ ids: [idOfA, idOfB], sort: { name: 'desc' } })).toEqual(['b', 'a']);
      expect(await names({ id: idOfB, name: 'a' })).toEqual([]);
      expect(await query({ id: 'no id at all' })).toEqual({ jobs: [], total: 0 });
    });

    it('searches names for a text, letter case aside, wildcards being letters', async () => {
      await saveNamed('Send Mail', 'mail_100%!', 'mailX100', 'Ärger');
      const sort: JobsQueryOptions['sort'] = { name: 'asc' };
      expect(await names({ search: 'MAIL', sort })).toEqual(['Send Mail', 'mailX100', 'mail_100%!']);
      expect(await names({ search: 'l_1' })).toEqual(['mail_100%!']);
      expect(await names({ search: '%!' })).toEqual(['mail_100%!']);
      expect(await names({ search: 'Är' })).toEqual(['Ärger']);
    });

    it('leaves disabled jobs out where asked to', async () => {
      await save({ name: 'on' });
      await save({ name: 'off', disabled: true });
      expect((await query()).total).toBe(2);
      expect(await names({ includeDisabled: false })).toEqual(['on']);
    });

    it('pages, and counts all there is', async () => {
      for (const n of [1, 2, 3, 4, 5]) await save({ name: `job-${n}`, nextRunAt: clock.in(n) });
      const sort: JobsQueryOptions['sort'] = { nextRunAt: 'asc' };
      expect(await query({ skip: 1, limit: 2, sort })).toMatchObject({
        total: 5,
        jobs: [{ name: 'job-2' }, { name: 'job-3' }],
      });
      expect(await names({ skip: 3, sort })).toEqual(['job-4', 'job-5']);
      expect(await names({ limit: 1, sort })).toEqual(['job-1']);
      expect(await query({ skip: 9 })).toEqual({ jobs: [], total: 5 });
    });

    it('sorts by next run and last run, latest first, unless asked otherwise', async () => {
      await save({ name: 'never', nextRunAt: null });
      await save({ name: 'soon', nextRunAt: clock.in(1), lastRunAt: clock.in(-2) });
      await save({ name: 'soon, ran later', nextRunAt: clock.in(1), lastRunAt: clock.in(-1) });
      await save({ name: 'late', nextRunAt: clock.in(2) });
      expect(await names()).toEqual(['late', 'soon, ran later', 'soon', 'never']);
      expect(await names({ sort: {} })).toEqual(await names());
    });

    it.each<[NonNullable<JobsQueryOptions['sort']>, string]>([
      [{ nextRunAt: 'asc' }, 'cab'],
      [{ lastRunAt: 'asc' }, 'bca'],
      [{ lastFinishedAt: 'desc' }, 'abc'],
      [{ priority: 'desc', name: 'desc' }, 'cab'],
      [{ priority: 'asc', name: 'asc' }, 'bac'],
      [{ name: 'desc' }, 'cba'],
      [{ data: 'asc' }, 'acb'],
    ])('sorts by %p', async (sort, order) => {
      await save({
        name: 'a',
        nextRunAt: clock.in(1),
        lastRunAt: clock.in(3),
        lastFinishedAt: clock.in(3),
        priority: 1,
        data: 1,
      });
      await save({
        name: 'b',
        nextRunAt: clock.in(2),
        lastRunAt: clock.in(1),
        lastFinishedAt: clock.in(2),
        priority: 0,
        data: 3,
      });
      await save({ name: 'c', nextRunAt: null, lastRunAt: clock.in(2), priority: 1, data: 2 });
      expect((await names({ sort })).join('')).toBe(order);
    });
  });

  describe('states', () => {
    it('are in the database what computeJobState makes of a job, for every mixture of times', async () => {
      const jobs = mixtures();
      await Promise.all(jobs.map((job) => save(job)));
      const all = await query();
      expect(all.total).toBe(jobs.length);
      for (const job of all.jobs) expect(job.state).toBe(computeJobState(job, clock.in(0)));
      for (const state of STATES) {
        const expected = all.jobs.filter((job) => (state === 'paused' ? job.disabled : job.state === state));
        const found = await query({ state });
        expect([state, found.total]).toEqual([state, expected.length]);
        expect(found.jobs).toEqual(expected);
      }
      const [overview] = await store.repository().getJobsOverview();
      expect(overview).toEqual({
        name: 'mail',
        total: jobs.length,
        ...Object.fromEntries(
          STATES.map((s) => [
            s,
            all.jobs.filter((job) => (s === 'paused' ? job.disabled : job.state === s)).length,
          ]),
        ),
      });
    });

    it('are filtered before the page is cut', async () => {
      for (const n of [1, 2, 3]) {
        await save({ name: `q${n}`, nextRunAt: clock.in(-n) });
        await save({ name: `s${n}`, nextRunAt: clock.in(n) });
      }
      const page = await query({ state: 'scheduled', sort: { nextRunAt: 'asc' }, skip: 1, limit: 1 });
      expect(page).toMatchObject({ total: 3, jobs: [{ name: 's2', state: 'scheduled' }] });
    });
  });

  describe('counting', () => {
    it('getJobsOverview tells jobs of each name apart', async () => {
      expect(await store.repository().getJobsOverview()).toEqual([]);
      await save({ name: 'b', nextRunAt: clock.in(1) });
      await save({ name: 'a', nextRunAt: clock.in(-1), disabled: true });
      await save({ name: 'a', nextRunAt: null });
      const zero = { running: 0, scheduled: 0, queued: 0, completed: 0, failed: 0, repeating: 0, paused: 0 };
      expect(await store.repository().getJobsOverview()).toEqual([
        { name: 'a', ...zero, total: 2, queued: 1, completed: 1, paused: 1 },
        { name: 'b', ...zero, total: 1, scheduled: 1 },
      ]);
    });

    it('getDistinctJobNames names each once', async () => {
      expect(await store.repository().getDistinctJobNames()).toEqual([]);
      await saveNamed('b', 'a', 'B', 'a');
      expect(new Set(await store.repository().getDistinctJobNames())).toEqual(new Set(['a', 'b', 'B']));
    });

    it('getQueueSize counts what is overdue', async () => {
      expect(await store.repository().getQueueSize()).toBe(0);
      await save({ nextRunAt: clock.in(-1) });
      await save({ nextRunAt: clock.in(0) });
      await save({ nextRunAt: clock.in(1) });
      await save({ nextRunAt: null });
      expect(await store.repository().getQueueSize()).toBe(1);
    });
  });

  describe('getJobById', () => {
    it.each(['', 'nonsense', '0', '019b8e00-0000-7000-8000-000000000000'])(
      'gives null for %p',
      async (id) => {
        await save();
        expect(await store.repository().getJobById(id)).toBeNull();
      },
    );
  });
});

/** A job for every combination of what decides its state. */
function mixtures(): Partial<JobParameters>[] {
  const [before, later] = [new Date(NOON - 5), new Date(NOON + 5)];
  const either = <T>(...values: T[]) => values;
  return either(undefined, before).flatMap((lockedAt) =>
    either(undefined, new Date(NOON - 6), before).flatMap((failedAt) =>
      either(undefined, before).flatMap((lastFinishedAt) =>
        either(undefined, '1 day').flatMap((repeatInterval) =>
          either(null, before, new Date(NOON), later).flatMap((nextRunAt) =>
            either(false, true).map((disabled) => ({
              lockedAt,
              failedAt,
              lastFinishedAt,
              repeatInterval,
              nextRunAt,
              disabled,
            })),
          ),
        ),
      ),
    ),
  );
}
