import { describe, expect, it } from '@jest/globals';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend } from './jobs.js';

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const { clock } = store;
  const save = (...[job, options]: Parameters<ReturnType<typeof store.repository>['saveJob']>) =>
    store.repository().saveJob(job, options);
  const countOf = async (name: string) => (await store.repository().queryJobs({ name })).total;
  const reread = async (id: string | undefined) => store.repository().getJobById(id ?? '');

  describe('saving a job with unique', () => {
    const unique = { 'data.user': 1, 'data.kind': 'a' };

    it('makes one job per key, whatever the order of its fields', async () => {
      const first = await save(aJob({ unique, data: { user: 1, v: 1 } }));
      const again = { 'data.kind': 'a', 'data.user': 1 };
      const second = await save(aJob({ unique: again, data: { user: 1, v: 2 }, nextRunAt: clock.in(5) }));
      expect(second).toMatchObject({ _id: first._id, data: { user: 1, v: 2 }, nextRunAt: clock.in(5) });
      expect(await countOf('mail')).toBe(1);
    });

    it('tells keys apart by value, type of value, and job name', async () => {
      await save(aJob({ unique }));
      await save(aJob({ unique: { ...unique, 'data.user': 2 } }));
      await save(aJob({ unique: { ...unique, 'data.user': '1' } }));
      await save(aJob({ unique, name: 'other' }));
      expect(await countOf('mail')).toBe(3);
    });

    it('accepts dates', async () => {
      await save(aJob({ unique: { nextRunAt: clock.in(1) } }));
      await save(aJob({ unique: { nextRunAt: clock.in(1) } }));
      await save(aJob({ unique: { nextRunAt: clock.in(2) } }));
      expect(await countOf('mail')).toBe(2);
    });

    it('with insertOnly, gives an existing job back unchanged', async () => {
      const first = await save(aJob({ unique, data: { v: 1 } }), { lastModifiedBy: 'one' });
      const options = { uniqueOpts: { insertOnly: true } };
      const second = await save(
        aJob({ unique, ...options, data: { v: 2 }, priority: 9, nextRunAt: clock.in(9) }),
      );
      expect(second).toEqual(first);
      expect(await reread(first._id)).toEqual(first);
    });

    it('is free again once the job was removed', async () => {
      const first = await save(aJob({ unique }));
      await store.repository().removeJobs({ id: first._id });
      expect((await save(aJob({ unique })))._id).not.toBe(first._id);
    });

    it('refuses query operators', async () => {
      const job = aJob({ unique: { 'data.n': { $gt: 1 } } });
      await expect(async () => save(job)).rejects.toThrow('job "mail": unique() takes fields and values');
    });
  });

  describe('saving at once', () => {
    it.each([
      ['single', aJob({ type: 'single', nextRunAt: clock.in(60_000) })],
      ['unique', aJob({ unique: { 'data.user': 1 } })],
      ['insert only', aJob({ unique: { 'data.user': 1 }, uniqueOpts: { insertOnly: true } })],
      ['debounced', aJob({ unique: { 'data.user': 1 }, uniqueOpts: { debounce: { delay: 1000 } } })],
    ])('makes one job: %s', async (_, job) => {
      const saved = await Promise.all(Array.from({ length: 20 }, (_, n) => save({ ...job, data: { n } })));
      expect(new Set(saved.map(({ _id }) => _id)).size).toBe(1);
      expect(await countOf('mail')).toBe(1);
    });
  });

  describe('debouncing', () => {
    const save = (debounce: object, job = {}) =>
      store.repository().saveJob(
        aJob({
          unique: { 'data.user': 1 },
          uniqueOpts: { debounce: { delay: 1000, ...debounce } },
          nextRunAt: clock.in(0),
          ...job,
        }),
      );

    it('puts the run off with every save, and keeps the latest data', async () => {
      expect((await save({})).nextRunAt).toEqual(clock.in(1000));
      clock.pass(300);
      expect(await save({}, { data: { v: 2 } })).toMatchObject({ nextRunAt: clock.in(1000), data: { v: 2 } });
    });

    it('never past maxWait', async () => {
      const deadline = clock.in(1500);
      await save({ maxWait: 1500 });
      clock.pass(900);
      expect((await save({ maxWait: 1500 })).nextRunAt).toEqual(deadline);
      clock.pass(700);
      expect(await save({ maxWait: 1500 })).toMatchObject({
        nextRunAt: clock.in(0),
        debounceStartedAt: undefined,
      });
    });

    it('leading: runs at once, and not again within the delay', async () => {
      const first = await save({ strategy: 'leading' });
      expect(first.nextRunAt).toEqual(clock.in(0));
      await store.repository().saveJobState({ ...first, nextRunAt: null, lastRunAt: clock.in(0) });
      clock.pass(999);
      expect(await save({ strategy: 'leading' }, { data: { v: 2 } })).toMatchObject({
        nextRunAt: null,
        data: { v: 2 },
      });
      clock.pass(1);
      expect((await save({ strategy: 'leading' })).nextRunAt).toEqual(clock.in(0));
    });

    it('does nothing without a unique key', async () => {
      expect((await save({}, { unique: undefined })).nextRunAt).toEqual(clock.in(0));
    });
  });
});
