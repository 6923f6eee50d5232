import { describe, expect, it, jest } from '@jest/globals';
import { KnexBackend } from '../src/knex-backend.js';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend } from './jobs.js';

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const { clock, claim } = { ...store, claim: store.claim.bind(store) };
  const save = (job = {}) => store.repository().saveJob(aJob(job));
  const state = (job: object) => store.repository().saveJobState({ ...aJob(), ...job });

  describe('getNextJobToRun', () => {
    it('locks a due job and gives it', async () => {
      const { _id } = await save({ data: { to: 'me' } });
      const claimed = await claim();
      expect(claimed).toMatchObject({ _id, data: { to: 'me' }, lockedAt: clock.in(0), lastModifiedBy: 'me' });
      expect(await store.repository().getJobById(`${_id}`)).toEqual(claimed);
    });

    it('gives no job twice', async () => {
      await save();
      await claim();
      expect(await claim()).toBeUndefined();
    });

    it('locks ahead to the next scan, that moment included, and no further', async () => {
      await save({ nextRunAt: clock.in(5000) });
      const { repository } = { repository: store.repository() };
      expect(await repository.getNextJobToRun('mail', clock.in(4999), clock.in(-1))).toBeUndefined();
      expect(await repository.getNextJobToRun('mail', clock.in(5000), clock.in(-1))).toBeDefined();
    });

    it('takes the time of the lock from the caller who names one', async () => {
      await save();
      const claimed = await store
        .repository()
        .getNextJobToRun('mail', clock.in(0), clock.in(-9), clock.in(-7));
      expect(claimed?.lockedAt).toEqual(clock.in(-7));
    });

    it('finds nothing for another name, letter case included', async () => {
      await save({ name: 'Mail' });
      expect(await claim('mail')).toBeUndefined();
      expect(await claim('Mail')).toBeDefined();
    });

    it('never locks a disabled job, not even when its lock has expired', async () => {
      await save({ disabled: true });
      expect(await claim()).toBeUndefined();
      await store.repository().enableJobs({ name: 'mail' });
      await claim();
      await store.repository().disableJobs({ name: 'mail' });
      clock.pass(600_000);
      expect(await claim()).toBeUndefined();
    });

    it('leaves a job without a next run alone', async () => {
      await save({ nextRunAt: null });
      expect(await claim()).toBeUndefined();
    });

    it('goes by next run, then by priority, then by who came first', async () => {
      await save({ nextRunAt: clock.in(-5), priority: 20, data: 3 });
      await save({ nextRunAt: clock.in(-9), priority: -10, data: 2 });
      await save({ nextRunAt: clock.in(-9), priority: 10, data: 0 });
      await save({ nextRunAt: clock.in(-9), priority: 10, data: 1 });
      const order = [await claim(), await claim(), await claim(), await claim()];
      expect(order.map((job) => job?.data)).toEqual([0, 1, 2, 3]);
    });
  });

  describe('an expired lock', () => {
    it('is taken over once it is as old as the lock lifetime, not before', async () => {
      const { _id } = await save();
      await claim();
      clock.pass(599_999);
      expect(await claim()).toBeUndefined();
      clock.pass(1);
      expect(await claim()).toMatchObject({ _id, lockedAt: clock.in(0) });
      expect(await claim()).toBeUndefined();
    });

    it('goes before due jobs, the longest locked first', async () => {
      const first = await save({ nextRunAt: clock.in(-1) });
      const second = await save({ nextRunAt: clock.in(-2) });
      await store.repository().lockJob(first);
      clock.pass(1);
      await store.repository().lockJob(second);
      clock.pass(600_000);
      const due = await save({ nextRunAt: clock.in(-86_400_000) });
      const order = [await claim(), await claim(), await claim()];
      expect(order.map((job) => job?._id)).toEqual([first._id, second._id, due._id]);
    });

    it('makes a one-time job due that was broken off, so that giving the lock back does not lose it', async () => {
      const { _id } = await save();
      await state({ ...(await claim()), nextRunAt: null, lastRunAt: clock.in(0) });
      clock.pass(600_000);
      expect(await claim()).toMatchObject({ _id, nextRunAt: clock.in(0) });
      await store.repository().unlockJobs([`${_id}`]);
      expect(await claim()).toMatchObject({ _id });
    });

    it('keeps the next run of a repeating job', async () => {
      await save();
      await state({ ...(await claim()), nextRunAt: clock.in(3_600_000) });
      clock.pass(600_000);
      expect((await claim())?.nextRunAt).toEqual(clock.in(3_000_000));
    });
  });

  describe('lockJob', () => {
    it('locks the very job', async () => {
      const job = await save();
      await save();
      const locked = await store.repository().lockJob(job, { lastModifiedBy: 'me' });
      expect(locked).toMatchObject({ _id: job._id, lockedAt: clock.in(0), lastModifiedBy: 'me' });
    });

    it('refuses one that is locked, disabled, rescheduled, renamed, removed or unsaved', async () => {
      const { lockJob, saveJob, disableJobs, enableJobs } = bound(store.repository());
      const job = await save();
      expect(await lockJob({ ...job, nextRunAt: clock.in(1) })).toBeUndefined();
      expect(await lockJob({ ...job, name: 'other' })).toBeUndefined();
      expect(await lockJob(aJob())).toBeUndefined();
      await disableJobs({ id: job._id });
      expect(await lockJob(job)).toBeUndefined();
      await enableJobs({ id: job._id });
      expect(await lockJob(job)).toBeDefined();
      expect(await lockJob(job)).toBeUndefined();
      const later = await saveJob(aJob({ nextRunAt: null }));
      expect(await lockJob(later)).toBeDefined();
    });
  });

  describe('unlocking', () => {
    it('lets a job be claimed again', async () => {
      const job = await save();
      const locked = await claim();
      await store.repository().unlockJob(locked ?? job);
      expect(await claim()).toMatchObject({ _id: job._id });
    });

    it('one by one leaves a job that is being run', async () => {
      await save();
      const running = { ...aJob(), ...(await claim()), nextRunAt: null };
      await state(running);
      await store.repository().unlockJob(running);
      expect((await store.repository().getJobById(`${running._id}`))?.lockedAt).toEqual(clock.in(0));
    });

    it('one by one leaves the lock of who took the job over', async () => {
      await save();
      const mine = { ...aJob(), ...(await claim()) };
      clock.pass(600_000);
      const theirs = await claim();
      await store.repository().unlockJob(mine);
      expect((await store.repository().getJobById(`${mine._id}`))?.lockedAt).toEqual(theirs?.lockedAt);
    });

    it('of many asks no questions, and copes with a great many', async () => {
      const jobs = await Promise.all(Array.from({ length: 3 }, () => save()));
      await state({ ...(await claim()), nextRunAt: null });
      await claim();
      const strangers = Array.from({ length: 40_000 }, (_, n) => `no-${n}`);
      await store.repository().unlockJobs([...strangers, ...jobs.map(({ _id }) => `${_id}`)]);
      const { jobs: all } = await store.repository().queryJobs();
      expect(all.map(({ lockedAt }) => lockedAt)).toEqual([undefined, undefined, undefined]);
      await store.repository().unlockJobs([]);
    });

    it('never rejects one by one, as Agenda does not wait for it: the lock expires by itself', async () => {
      const warn = jest.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const gone = new KnexBackend({ config: database.config() });
      await gone.disconnect();
      await gone.repository.unlockJob(await save());
      expect(warn.mock.calls.join()).toMatch(/job "mail" \(.+\) stays locked until its lock expires/);
      warn.mockRestore();
    });
  });

  it('gives each job to one of many claims at once', async () => {
    await Promise.all(Array.from({ length: 40 }, () => save()));
    const claims = await Promise.all(Array.from({ length: 60 }, () => claim()));
    const ids = claims.flatMap((job) => (job ? [job._id] : []));
    expect(new Set(ids).size).toBe(ids.length);
    // A claim may find nothing while others hold what it looked at; then the next one finds it.
    for (let job = await claim(); job; job = await claim()) ids.push(job._id);
    expect(new Set(ids).size).toBe(40);
    expect(ids).toHaveLength(40);
  });
});

function bound(repository: ReturnType<ReturnType<typeof emptyBackend>['repository']>) {
  return {
    lockJob: repository.lockJob.bind(repository),
    saveJob: repository.saveJob.bind(repository),
    disableJobs: repository.disableJobs.bind(repository),
    enableJobs: repository.enableJobs.bind(repository),
  };
}
