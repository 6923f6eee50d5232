import { describe, expect, it } from '@jest/globals';
import { toJobId } from 'agenda';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend, NOON } from './jobs.js';

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const { clock } = store;
  const save = (...[job, options]: Parameters<ReturnType<typeof store.repository>['saveJob']>) =>
    store.repository().saveJob(job, options);
  const countOf = async (name: string) => (await store.repository().queryJobs({ name })).total;
  const reread = async (id: string | undefined) => store.repository().getJobById(id ?? '');

  describe('saving a new job', () => {
    it('gives it an id and keeps everything it says', async () => {
      const job = aJob({
        name: 'Rechnung 🧾',
        priority: 2.5,
        nextRunAt: clock.in(1),
        data: { to: ['ä', "'", '"', '\\', '\u0000', '😀'], deep: { n: 1e21, no: null, yes: true } },
        repeatInterval: '5 minutes',
        repeatTimezone: 'Europe/Berlin',
        repeatAt: '3:30pm',
        startDate: clock.in(-5),
        endDate: clock.in(5),
        skipDays: [0, 6],
        fork: true,
        disabled: true,
        lockedAt: clock.in(-4),
        lastRunAt: clock.in(-3),
        lastFinishedAt: clock.in(-2),
        failedAt: clock.in(-2),
        failCount: 3,
        failReason: 'no route',
        progress: 33.3,
        debounceStartedAt: clock.in(-9),
      });
      const saved = await save(job, { lastModifiedBy: 'host-1' });
      expect(saved._id).toEqual(expect.any(String));
      expect(saved).toEqual({ ...job, _id: saved._id, lastModifiedBy: 'host-1' });
      expect(await reread(saved._id)).toEqual(saved);
    });

    it('tells a numeric interval from one in words', async () => {
      expect((await save(aJob({ repeatInterval: 5000 }))).repeatInterval).toBe(5000);
      expect((await save(aJob({ repeatInterval: '5000' }))).repeatInterval).toBe('5000');
    });

    it.each([
      [undefined, null],
      [null, null],
      ['text', 'text'],
      [0, 0],
      [new Date(NOON), '2026-01-05T12:00:00.000Z'],
      [
        [1, { a: undefined }],
        [1, {}],
      ],
    ])('reads the data %p back as %p', async (data, expected) => {
      const { _id } = await save(aJob({ data }));
      expect((await reread(_id))?.data).toEqual(expected);
    });

    it('makes a second job of the same name', async () => {
      await save(aJob());
      await save(aJob());
      expect(await countOf('mail')).toBe(2);
    });

    it('tells names apart by letter case', async () => {
      await save(aJob({ name: 'Mail' }));
      expect(await countOf('mail')).toBe(0);
    });

    it.each([
      ['an empty name', { name: '' }, 'a job name has 1 to 255 characters'],
      ['a long name', { name: 'x'.repeat(256) }, 'not 256'],
      ['a broken date', { nextRunAt: new Date('soon') }, 'job "mail": nextRunAt is not a valid date'],
      ['data that is no JSON', { data: 1n }, 'job "mail": its data cannot be stored as JSON'],
    ])('refuses %s', async (_, job, message) => {
      await expect(async () => save(aJob(job))).rejects.toThrow(message);
    });
  });

  describe('saving a job with an id', () => {
    it('updates it', async () => {
      const saved = await save(aJob({ repeatInterval: '1 day', endDate: clock.in(9) }));
      const updated = await save({ ...aJob({ priority: 20, data: { v: 2 } }), _id: saved._id });
      expect(updated).toEqual({ ...aJob({ priority: 20, data: { v: 2 } }), _id: saved._id });
      expect(await countOf('mail')).toBe(1);
    });

    it('leaves alone the lock and what the processor wrote', async () => {
      const { _id } = await save(aJob());
      const locked = await store.claim();
      await store
        .repository()
        .saveJobState({ ...aJob(), ...locked, progress: 10, failCount: 1, failReason: 'x' });
      const updated = await save({ ...aJob({ data: { v: 2 } }), _id });
      expect(updated).toMatchObject({
        lockedAt: locked?.lockedAt,
        progress: 10,
        failCount: 1,
        failReason: 'x',
      });
    });

    it('gives the job back as it is when it was removed meanwhile', async () => {
      const gone = { ...aJob(), _id: toJobId('019b8e00-0000-7000-8000-000000000000') };
      expect(await save(gone)).toEqual(gone);
      expect(await countOf('mail')).toBe(0);
    });

    it('does not take a job of another name for it', async () => {
      const { _id } = await save(aJob());
      const other = { ...aJob({ name: 'other' }), _id };
      expect(await save(other)).toEqual(other);
      expect((await reread(_id))?.name).toBe('mail');
    });

    it('keeps a job disabled unless the save says otherwise', async () => {
      const { _id } = await save(aJob());
      await store.repository().disableJobs({ name: 'mail' });
      expect((await save({ ...aJob(), _id })).disabled).toBe(true);
      expect((await save({ ...aJob({ disabled: false }), _id })).disabled).toBeFalsy();
    });
  });

  describe('saving a job of type single', () => {
    const single = (job = {}) => save(aJob({ type: 'single', ...job }));

    it('makes one job per name', async () => {
      const first = await single({ nextRunAt: clock.in(60_000), data: { v: 1 } });
      const second = await single({ nextRunAt: clock.in(90_000), data: { v: 2 }, priority: 7 });
      expect(second).toMatchObject({
        _id: first._id,
        data: { v: 2 },
        priority: 7,
        nextRunAt: clock.in(90_000),
      });
      await single({ name: 'other' });
      expect(await countOf('mail')).toBe(1);
    });

    it('stands beside jobs of type normal', async () => {
      await save(aJob());
      await single();
      expect(await countOf('mail')).toBe(2);
    });

    it('does not pull the stored run forward when it asks for now', async () => {
      await single({ nextRunAt: clock.in(60_000) });
      expect((await single({ nextRunAt: clock.in(0) })).nextRunAt).toEqual(clock.in(60_000));
    });

    it('asks for now with effect when no run is planned', async () => {
      await single({ nextRunAt: null });
      expect((await single({ nextRunAt: clock.in(0) })).nextRunAt).toEqual(clock.in(0));
    });

    it('leaves a running job locked, and a disabled one disabled', async () => {
      await single();
      const locked = await store.claim();
      await store.repository().disableJobs({ name: 'mail' });
      expect(await single()).toMatchObject({ lockedAt: locked?.lockedAt, disabled: true });
    });

    it('lets a job become the single one of its name, and cease to be', async () => {
      const job = await save(aJob());
      await save({ ...job, type: 'single' });
      expect((await single())._id).toBe(job._id);
      await save({ ...job, type: 'normal' });
      expect((await single())._id).not.toBe(job._id);
    });
  });
});
