import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, silentLogger, type Database } from 'glue-core';
import type { RejectionCause } from '../src/receive/refusal.js';
import { deleteOldFrom } from '../src/store/delete-old.js';
import { RejectionLog } from '../src/store/rejection-log.js';
import { RejectionSample } from '../src/store/rejection-sample.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';

const SECOND = 1_000;

describe('the sample of rejections', () => {
  const takeMany = (sample: RejectionSample, endpoint: number, count: number, nowMs: number) =>
    Array.from({ length: count }, () => sample.take(endpoint, nowMs)).filter((taken) => taken !== undefined);

  it('keeps the first hundred of an endpoint, then ten a minute, and says how many were dropped before', () => {
    const sample = new RejectionSample();
    expect(takeMany(sample, 1, 150, 0)).toEqual(Array(100).fill(0));
    expect(takeMany(sample, 1, 10, 6 * SECOND)).toEqual([50]);
    expect(takeMany(sample, 1, 1, 12 * SECOND)).toEqual([9]);
    expect(takeMany(sample, 1, 1_000, 72 * SECOND)).toHaveLength(10);
  });

  it('keeps what comes of one endpoint while another is flooded', () => {
    const sample = new RejectionSample();
    takeMany(sample, 1, 10_000, 0);
    expect(takeMany(sample, 2, 3, 0)).toEqual([0, 0, 0]);
  });

  it('keeps no more than a bounded number in a day, however many endpoints are flooded', () => {
    const sample = new RejectionSample();
    let kept = 0;
    for (let second = 0; second < 3_600; second += 6)
      for (let endpoint = 0; endpoint < 300; endpoint += 1)
        kept += takeMany(sample, endpoint, 2, second * SECOND).length;
    expect(kept).toBeLessThanOrEqual(1_000 + 10 * 3_600);
  });
});

describeEachDatabase('the rejection log', (make) => {
  let made: TestDatabase;
  let database: Database;
  let clock: ManualClock;
  let log: RejectionLog;
  let aheadMs: number;

  beforeEach(async () => {
    made = await make();
    ({ database } = made);
    clock = new ManualClock(0);
    aheadMs = 0;
    log = new RejectionLog({ database, clock, now: () => clock.now() + aheadMs, logger: silentLogger });
  });
  afterEach(() => made.remove());

  async function reject(cause: RejectionCause, endpointId?: number): Promise<void> {
    log.record({
      cause,
      detail: 'so',
      path: 'x',
      headers: {},
      ...(endpointId !== undefined && { endpointId }),
    });
    await log.idle();
  }

  it('goes by the time that hosts share', async () => {
    aheadMs = 600_000;
    await reject('signature', 1);
    expect(await log.list()).toMatchObject([{ at: 600_000, droppedBefore: 0 }]);
  });

  it('is listed by endpoint, cause and time, page by page, the latest first', async () => {
    await reject('signature', 1);
    clock.advance(SECOND);
    await reject('freshness', 1);
    clock.advance(SECOND);
    await reject('signature', 2);
    await reject('unknown_endpoint');
    const causes = async (filter: Parameters<RejectionLog['list']>[0]) =>
      (await log.list(filter)).map(({ cause, endpointId }) => `${cause} ${endpointId}`);
    expect(await causes({ endpointId: 1 })).toEqual(['freshness 1', 'signature 1']);
    expect(await causes({ cause: 'signature' })).toEqual(['signature 2', 'signature 1']);
    expect(await causes({ since: SECOND, until: 2 * SECOND })).toEqual(['freshness 1']);
    const [first] = await log.list({ limit: 1 });
    expect(first?.cause).toBe('unknown_endpoint');
    expect(await causes({ before: first?.id ?? '', limit: 2 })).toEqual(['signature 2', 'freshness 1']);
  });

  it('counts what it does not keep, in the next that it keeps', async () => {
    for (let index = 0; index < 130; index += 1)
      log.record({ cause: 'signature', detail: '', path: 'x', headers: {}, endpointId: 1 });
    await log.idle();
    expect(log.dropped).toBe(30);
    clock.advance(6 * SECOND);
    await reject('signature', 1);
    expect(await log.list({ limit: 1 })).toMatchObject([{ droppedBefore: 30 }]);
    expect(await log.list({ limit: 200 })).toHaveLength(101);
  });

  it('counts what could not be stored as not kept', async () => {
    await database.schema.renameTable('glue_rejections', 'elsewhere');
    await reject('signature', 1);
    await database.schema.renameTable('elsewhere', 'glue_rejections');
    await reject('signature', 1);
    expect(log.dropped).toBe(1);
    expect(await log.list()).toMatchObject([{ droppedBefore: 1 }]);
  });

  it('cuts what it keeps, so that a row takes a bounded place', async () => {
    const headers = Object.fromEntries(
      Array.from({ length: 100 }, (_, index) => [
        `${index}-${'n'.repeat(9_000)}`,
        Array(9).fill('v'.repeat(9_000)),
      ]),
    );
    log.record({
      cause: 'payload',
      detail: 'd'.repeat(9_000),
      path: 'p'.repeat(9_000),
      headers,
      body: Buffer.alloc(99_000),
    });
    await log.idle();
    const [kept] = await log.list();
    expect(JSON.stringify(kept?.headers).length).toBeLessThan(55_000);
    expect([kept?.detail.length, kept?.path.length, kept?.bodyExcerpt?.length]).toEqual([255, 190, 1_024]);
  });

  it('is deleted by age, and the oldest beyond fifty thousand', async () => {
    const deleting = {
      clock: {
        ...clock,
        now: () => 0,
        monotonic: () => 0,
        after: (_: number, call: () => void) => (setImmediate(call), () => {}),
      },
      signal: new AbortController().signal,
    };
    await reject('signature', 1);
    clock.advance(SECOND);
    await reject('freshness', 1);
    expect(await deleteOldFrom(database).rejections(SECOND, deleting)).toBe(1);
    const [row] = await database('glue_rejections');
    for (let first = 0; first < 50_100; first += 300)
      await database('glue_rejections').insert(
        Array.from({ length: 300 }, (_, index) => ({ ...row, id: `${first + index}`, at: SECOND + 1 })),
      );
    expect(await deleteOldFrom(database).rejections(SECOND, deleting)).toBe(101);
    expect(await database('glue_rejections').where({ cause: 'freshness', at: SECOND })).toEqual([]);
  }, 60_000);
});
