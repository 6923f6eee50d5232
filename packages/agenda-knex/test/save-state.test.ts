import { describe, expect, it } from '@jest/globals';
import { toJobId, type JobParameters } from 'agenda';
import { KnexBackend } from '../src/knex-backend.js';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend } from './jobs.js';

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const { clock } = store;
  const save = (job = {}) => store.repository().saveJob(aJob(job));
  const saveState = (job: JobParameters) => store.repository().saveJobState(job, { lastModifiedBy: 'me' });
  const reread = async (job: JobParameters) => store.repository().getJobById(`${job._id}`);
  const running = async () => ({
    ...aJob(),
    ...(await store.claim()),
    nextRunAt: null,
    lastRunAt: clock.in(0),
  });

  describe('saveJobState', () => {
    it('writes what a run did, and nothing else', async () => {
      const saved = await save({ data: { v: 1 }, repeatInterval: '1 day', priority: 3 });
      const state = {
        lockedAt: clock.in(0),
        lastRunAt: clock.in(1),
        lastFinishedAt: clock.in(2),
        failedAt: clock.in(2),
        nextRunAt: clock.in(9),
        failCount: 2,
        failReason: 'no route',
        progress: 50,
      };
      const foreign = { data: { v: 2 }, repeatInterval: '2 days', priority: 4, disabled: true };
      await saveState({ ...saved, ...foreign, ...state });
      expect(await reread(saved)).toEqual({ ...saved, ...state, lastModifiedBy: 'me' });
    });

    it('clears what is absent', async () => {
      const saved = await save({
        failCount: 2,
        failReason: 'x',
        failedAt: clock.in(0),
        progress: 5,
        lockedAt: clock.in(0),
      });
      await saveState({ ...aJob(), _id: saved._id });
      const { failCount, failReason, failedAt, progress, lockedAt } = { ...(await reread(saved)) };
      expect([failCount, failReason, failedAt, progress, lockedAt]).toEqual(Array(5).fill(undefined));
    });

    it.each([
      ['an object', { code: 7 }, '{ code: 7 }'],
      ['a circle', circle(), /Circular/],
      ['a very long text', 'x'.repeat(100_000), /^x{100000}$/],
    ])('stores a reason that is %s', async (_, reason, expected) => {
      const thrown: object = { failReason: reason };
      await saveState({ ...(await save()), ...thrown });
      const { jobs } = await store.repository().queryJobs();
      expect(jobs[0]?.failReason).toMatch(expected);
    });

    it.each([
      [
        'of a job that was removed',
        { _id: toJobId('019b8e00-0000-7000-8000-000000000000') },
        'not in the database',
      ],
      ['of a job that was never saved', { _id: undefined }, 'job "mail" has no _id'],
    ])('rejects the state %s', async (_, job, message) => {
      await expect(async () => saveState(aJob(job))).rejects.toThrow(message);
      await expect(async () => saveState(aJob({ ...job, lockedAt: clock.in(0) }))).rejects.toThrow(message);
    });
  });

  if (database.dialect === 'mysql') {
    it('is content with a state that was so already, on a driver that counts changed rows only', async () => {
      const { connection, ...config } = database.config();
      const counting = Object.assign({ flags: ['-FOUND_ROWS'] }, connection);
      const backend = new KnexBackend({ config: { ...config, connection: counting } });
      await backend.connect();
      const saved = await save();
      for (const lockedAt of [clock.in(0), clock.in(0), undefined, undefined]) {
        await backend.repository.saveJobState({ ...saved, lockedAt });
      }
      await backend.disconnect();
      expect((await reread(saved))?.lockedAt).toBeUndefined();
    });
  }

  describe('a job that is rescheduled while it runs', () => {
    const reschedule = (ms: number) => save({ unique: { key: 1 }, nextRunAt: clock.in(ms) });

    it('runs again at that time, and tells Agenda so', async () => {
      await reschedule(0);
      const run = await running();
      await saveState(run);
      await reschedule(5000);
      await saveState({ ...run, progress: 50 });
      const ended = { ...run, lockedAt: undefined };
      await saveState(ended);
      expect(ended.nextRunAt).toEqual(clock.in(5000));
      expect(await reread(run)).toMatchObject({ nextRunAt: clock.in(5000), lockedAt: undefined });
      clock.pass(5000);
      expect(await store.claim()).toMatchObject({ _id: run._id });
    });

    it('only once', async () => {
      await reschedule(0);
      const run = await running();
      await reschedule(0);
      await saveState({ ...run, lockedAt: undefined });
      const again = await running();
      await saveState({ ...again, lockedAt: undefined });
      expect((await reread(run))?.nextRunAt).toBeNull();
    });

    it('runs at the earlier of that time and the one its run planned', async () => {
      await reschedule(0);
      const run = await running();
      await reschedule(5000);
      await saveState({ ...run, lockedAt: undefined, nextRunAt: clock.in(1000) });
      expect((await reread(run))?.nextRunAt).toEqual(clock.in(1000));
    });

    it('runs at that time too when its run is broken off and taken over', async () => {
      await reschedule(0);
      await saveState(await running());
      await reschedule(3_600_000);
      clock.pass(600_000);
      const run = await running();
      await saveState({ ...run, lockedAt: undefined });
      expect((await reread(run))?.nextRunAt).toEqual(clock.in(3_000_000));
    });

    it('does not run again for a save of data alone', async () => {
      const { _id } = await save();
      const run = await running();
      await saveState(run);
      await store.repository().saveJob({ ...aJob({ data: { v: 2 }, nextRunAt: null }), _id });
      await saveState({ ...run, lockedAt: undefined });
      expect(await reread(run)).toMatchObject({ nextRunAt: null, data: { v: 2 } });
    });

    it('is not held to a time that was saved before it was locked', async () => {
      await reschedule(-5);
      await reschedule(-3);
      const run = await running();
      await saveState({ ...run, lockedAt: undefined });
      expect((await reread(run))?.nextRunAt).toBeNull();
    });
  });
});

function circle(): object {
  const circle: { self?: object } = {};
  circle.self = circle;
  return circle;
}
