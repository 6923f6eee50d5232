import { describe, expect, it } from '@jest/globals';
import type { JobLogEntry, JobLogQuery } from 'agenda';
import { onEachDatabase } from './databases.js';
import { emptyBackend, NOON } from './jobs.js';

const FULL: JobLogEntry = {
  timestamp: new Date(NOON),
  level: 'error',
  event: 'fail',
  jobId: '019b8e00-0000-7000-8000-000000000000',
  jobName: 'mail',
  message: 'job failed: ü',
  duration: 12.5,
  error: 'x'.repeat(100_000),
  failCount: 3,
  retryDelay: 86_400_000_000,
  retryAttempt: 2,
  agendaName: 'host-1',
  meta: { key: ['value'] },
};

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const log = (entry: Partial<JobLogEntry>) =>
    store.backend().logger.log({
      timestamp: new Date(NOON),
      level: 'info',
      event: 'start',
      jobName: 'mail',
      message: '',
      ...entry,
    });
  const messages = async (query?: JobLogQuery) =>
    (await store.backend().logger.getLogs(query)).entries.map(({ message }) => message).join('');
  const fill = async () => {
    await log({
      message: 'a',
      jobName: 'x',
      jobId: '1',
      level: 'info',
      event: 'start',
      timestamp: new Date(NOON),
    });
    await log({
      message: 'b',
      jobName: 'x',
      jobId: '1',
      level: 'warn',
      event: 'retry',
      timestamp: new Date(NOON),
    });
    await log({
      message: 'c',
      jobName: 'y',
      jobId: '2',
      level: 'error',
      event: 'fail',
      timestamp: new Date(NOON + 1),
    });
    await log({
      message: 'd',
      jobName: 'y',
      jobId: '3',
      level: 'info',
      event: 'success',
      timestamp: new Date(NOON + 2),
    });
  };

  it('gives an entry back as it was logged', async () => {
    await store.backend().logger.log(FULL);
    const { entries, total } = await store.backend().logger.getLogs();
    expect(total).toBe(1);
    expect(entries).toEqual([{ ...FULL, _id: expect.any(String) }]);
  });

  it('gives the latest first, entries of one millisecond in the order they were logged', async () => {
    await fill();
    expect(await messages()).toBe('dcba');
    expect(await messages({ sort: 'asc' })).toBe('abcd');
  });

  it.each<[JobLogQuery, string]>([
    [{ jobName: 'x' }, 'ba'],
    [{ jobId: '1' }, 'ba'],
    [{ level: 'error' }, 'c'],
    [{ level: ['error', 'warn'] }, 'cb'],
    [{ event: 'fail' }, 'c'],
    [{ event: ['fail', 'start'] }, 'ca'],
    [{ from: new Date(NOON + 1) }, 'dc'],
    [{ to: new Date(NOON + 1) }, 'cba'],
    [{ from: new Date(NOON + 1), to: new Date(NOON + 1) }, 'c'],
    [{ jobName: 'x', level: 'error' }, ''],
  ])('finds by %p, and clears the same', async (query, expected) => {
    await fill();
    expect(await messages(query)).toBe(expected);
    expect(await store.backend().logger.clearLogs(query)).toBe(expected.length);
    expect((await store.backend().logger.getLogs()).total).toBe(4 - expected.length);
  });

  it('pages, 50 entries at a time, and counts all there is', async () => {
    await fill();
    expect(await messages({ limit: 2, offset: 1 })).toBe('cb');
    expect(await messages({ offset: 3 })).toBe('a');
    for (let n = 0; n < 48; n++) await log({ message: '.' });
    const { entries, total } = await store.backend().logger.getLogs();
    expect([entries.length, total]).toEqual([50, 52]);
    expect((await store.backend().logger.getLogs({ limit: 0 })).entries).toHaveLength(52);
  });

  describe('clearLogs', () => {
    it('clears all without a query, whatever the page', async () => {
      await fill();
      expect(await store.backend().logger.clearLogs({ limit: 1, offset: 1 })).toBe(4);
      await fill();
      expect(await store.backend().logger.clearLogs()).toBe(4);
    });
  });
});
