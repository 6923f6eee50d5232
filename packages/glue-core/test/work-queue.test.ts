import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createTable } from '../src/database/columns.js';
import { coreMigrations } from '../src/database/core-migrations.js';
import type { Database } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { openDatabase } from '../src/database/open-database.js';
import { ManualClock } from '../src/clock/manual-clock.js';
import { silentLogger } from '../src/log/logger.js';
import { newId } from '../src/naming/new-id.js';
import { done, retry, type Outcome } from '../src/outcome/outcome.js';
import { defaultRetryPolicy } from '../src/retry/retry-policy.js';
import { HostLease } from '../src/work/host-lease.js';
import { WorkQueue } from '../src/work/work-queue.js';
import type { WorkItem, WorkSource } from '../src/work/work-source.js';
import { addWorkColumns, createAttemptTable, createWorkIndexes } from '../src/work/work-table.js';

const table = { items: 'jobs', attempts: 'job_attempts', freshState: 'queued' } as const;

describe('the work queue', () => {
  let folder: string;
  let database: Database;
  const clock = new ManualClock();
  let wakes: { lane: number; at: number }[];
  let lease: HostLease;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-'));
    database = openDatabase({ client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' });
    await migrate(database, [
      ...coreMigrations,
      {
        name: 'test-001-jobs',
        up: async (trx) => {
          await createTable(trx, 'jobs', addWorkColumns);
          await createWorkIndexes(trx, table);
          await createAttemptTable(trx, table);
        },
      },
    ]);
    wakes = [];
    lease = new HostLease({
      database,
      clock,
      logger: silentLogger,
      name: 'one',
      leaseMs: 3_600_000,
      readTime: () => Promise.resolve(clock.now()),
    });
    await lease.start();
  });

  afterEach(async () => {
    await lease.stop();
    await database.destroy();
    rmSync(folder, { recursive: true });
  });

  async function store(lane: number, count = 1): Promise<string[]> {
    const ids = Array.from({ length: count }, newId);
    await database('jobs').insert(
      ids.map((id) => ({ id, endpoint_id: lane, state: 'queued', phase: 0, due_at: clock.now() })),
    );
    return ids;
  }

  function queueOf(attempt: (id: string) => Outcome | Promise<Outcome>, limit = 10): WorkQueue<WorkItem> {
    const source: WorkSource<WorkItem> = {
      name: 'jobs',
      table,
      laneLimit: () => limit,
      load: (rows) =>
        Promise.resolve(
          new Map(
            rows.map(({ id }) => [
              id,
              { id, retryPolicy: { ...defaultRetryPolicy, jitter: 0 }, blocksKey: false, deadlineMs: 1_000 },
            ]),
          ),
        ),
      attempt: async ({ id }) => ({ result: await attempt(id) }),
    };
    const retryClock = {
      wakeAt: (_queue: string, lane: number, at: number) => void wakes.push({ lane, at }),
    };
    return new WorkQueue({ database, clock, logger: silentLogger, lease, retryClock, source });
  }

  it('runs stored items of all lanes and logs each attempt', async () => {
    await store(1, 30);
    await store(2, 30);
    const seen: string[] = [];
    const queue = queueOf((id) => {
      seen.push(id);
      return done('fine');
    });
    await queue.start();
    await queue.idle();
    expect(new Set(seen).size).toBe(60);
    expect(await database('jobs').where({ state: 'done', owner: null, note: 'fine' })).toHaveLength(60);
    expect(await database('job_attempts').where({ number: 1, outcome: 'done' })).toHaveLength(60);
  });

  it('asks the clock for a wake-up and tries again when it comes', async () => {
    const [id] = await store(7);
    let tries = 0;
    const queue = queueOf(() => (++tries < 3 ? retry({ seconds: 1 }) : done()));
    await queue.start();
    await queue.idle();
    expect(wakes).toEqual([{ lane: 7, at: clock.now() + 5_000 }]);
    clock.advance(5_000);
    queue.poke(7);
    await queue.idle();
    clock.advance(300_000);
    queue.poke(7);
    await queue.idle();
    expect(await database('jobs').where({ id }).first()).toMatchObject({
      state: 'done',
      attempts: 3,
      failures: 2,
    });
  });
});
