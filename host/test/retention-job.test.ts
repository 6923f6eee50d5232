import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, migrate, silentLogger, type DeleteOld, type Logger } from 'glue-core';
import { reachDatabase, type OpenedDatabase } from '../src/installation.js';
import { retentionJob } from '../src/retention/retention-job.js';
import { temporaryFolder, testConfig } from './support/host-fixture.js';

const DAY_MS = 86_400_000;

describe('the retention job', () => {
  let folder: string;
  let remove: () => void;
  let opened: OpenedDatabase;

  beforeEach(async () => {
    ({ folder, remove } = temporaryFolder());
    opened = await reachDatabase(testConfig(folder));
    await migrate(opened.database, opened.migrations);
  });
  afterEach(async () => {
    await opened.database.destroy();
    remove();
  });

  /** Runs the job once with a config. @returns since when each kind was kept, and the lines of the log */
  async function run(retention: object, deletes = 0) {
    const clock = new ManualClock(400 * DAY_MS);
    const asked: Record<string, number> = {};
    const lines: object[] = [];
    const logger: Logger = { ...silentLogger, info: (fields) => void lines.push(fields) };
    const kind =
      (name: string): DeleteOld =>
      (beforeMs) => {
        asked[name] = beforeMs / DAY_MS;
        return Promise.resolve(deletes);
      };
    const inbound = { deleteOld: { events: kind('events'), rejections: kind('rejections') } };
    const outbound = { deleteOld: { deliveries: kind('deliveries') } };
    const { database } = opened;
    const config = testConfig(folder, { retention }).retention;
    await database('glue_audit').insert([
      { at: 1, actor: 'a', action: 'old', subject: 's' },
      { at: 399 * DAY_MS, actor: 'a', action: 'new', subject: 's' },
    ]);
    const later = {
      ...clock,
      monotonic: () => 0,
      now: () => 0,
      after: (_: number, call: () => void) => (call(), () => {}),
    };
    const job = retentionJob({ config, database, clock: later, logger, lease: clock, inbound, outbound });
    await job.run(new AbortController().signal);
    const audit = await database<{ action: string }>('glue_audit');
    return { asked, lines, audit: audit.map(({ action }) => action) };
  }

  it('keeps events and deliveries 90 days, rejections 30, and the audit log for ever, by default', async () => {
    expect(await run({})).toEqual({
      asked: { events: 310, rejections: 370, deliveries: 310 },
      lines: [],
      audit: ['old', 'new'],
    });
  });

  it('keeps each kind as long as the config says, and logs one line with what it deleted', async () => {
    expect(await run({ events: '45d', rejections: '12h', deliveries: '7d', audit: '365d' }, 7)).toEqual({
      asked: { events: 355, rejections: 399.5, deliveries: 393 },
      lines: [{ deleted: { events: 7, rejections: 7, deliveries: 7, audit: 1 } }],
      audit: ['new'],
    });
  });

  it('is not to delete an event within 30 days', () => {
    expect(() => testConfig(folder, { retention: { events: '29d' } })).toThrow(
      expect.objectContaining({
        code: 'GLUE_CONFIG_INVALID',
        problems: [expect.stringMatching(/^retention\.events: must be 30d or more/)],
      }),
    );
  });
});
