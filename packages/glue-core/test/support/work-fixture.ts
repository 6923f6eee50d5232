import { createTable, timeColumn } from '../../src/database/columns.js';
import { coreMigrations } from '../../src/database/core-migrations.js';
import type { Database } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import type { Clock } from '../../src/clock/clock.js';
import { ManualClock } from '../../src/clock/manual-clock.js';
import type { Logger } from '../../src/log/logger.js';
import { newId } from '../../src/naming/new-id.js';
import { defaultRetryPolicy } from '../../src/retry/retry-policy.js';
import { LargeContent } from '../../src/work/content-memory.js';
import { freeHeld, Held } from '../../src/work/hold-work.js';
import { HostLease } from '../../src/work/host-lease.js';
import { WorkQueue } from '../../src/work/work-queue.js';
import type { AttemptContext, AttemptResult, WorkItem, WorkSource } from '../../src/work/work-source.js';
import {
  addDates,
  addTurns,
  addWorkColumns,
  createAttemptTable,
  createWorkIndexes,
  PHASE,
} from '../../src/work/work-table.js';

export const table = { items: 'jobs', attempts: 'job_attempts', freshState: 'queued' } as const;

/** Tables of a queue without a side. */
export async function makeJobTables(database: Database): Promise<void> {
  await migrate(database, [
    ...coreMigrations,
    {
      name: 'test-001-jobs',
      up: async (trx) => {
        await createTable(trx, 'jobs', (columns) => {
          addWorkColumns(columns);
          timeColumn(columns, 'arrived_at').notNullable().defaultTo(0);
        });
        await createWorkIndexes(trx, table);
        await addTurns(trx, table);
        await addDates(trx, table);
        await createAttemptTable(trx, table);
      },
    },
  ]);
}

export interface Job extends WorkItem {
  readonly lane: number;
}

export interface TestHost {
  readonly lease: HostLease;
  readonly queue: WorkQueue<Job>;
  readonly wakes: { lane: number; at: number }[];
  readonly logged: string[];
  stop(): Promise<void>;
}

export interface TestHostOptions {
  readonly name?: string;
  readonly clock?: Clock;
  /** What the database's clock says. */
  readonly databaseTime?: () => number;
  readonly attempt: (job: Job, context: AttemptContext) => Promise<AttemptResult> | AttemptResult;
  readonly laneLimit?: (lane: number) => number;
  /** Whose content was deleted. */
  readonly isGone?: (id: string) => boolean;
  /** Whose endpoint is not known. */
  readonly isHeld?: (lane: number) => boolean;
  /** Why a job waits for whom it is for. */
  readonly whyHeld?: (id: string) => string | undefined;
  /** Before what was claimed is loaded. */
  readonly beforeLoad?: () => Promise<void>;
  readonly concurrency?: number;
  readonly maxContentBytes?: number;
  /** How large the content of a job is, in bytes. */
  readonly sizeOf?: (id: string) => number;
  readonly deadlineMs?: number;
  readonly leaseMs?: number;
  readonly blocksKey?: boolean;
  /** What became of hosts of the same name, all in one process here. @defaultValue the system's answer: they run */
  readonly namesakes?: 'dead';
}

/** One host: a lease and a queue over the `jobs` table. */
export async function startHost(database: Database, options: TestHostOptions): Promise<TestHost> {
  const clock = options.clock ?? new ManualClock();
  const time = options.databaseTime ?? (() => clock.now());
  const wakes: TestHost['wakes'] = [];
  const logged: string[] = [];
  const log = (_fields: object, message: string) => void logged.push(message);
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const lease = new HostLease({
    database,
    clock,
    logger,
    name: options.name ?? 'one',
    leaseMs: options.leaseMs ?? 86_400_000,
    readTime: () => Promise.resolve(time()),
    ...(options.namesakes && { processes: { own: newId(), fateOf: () => 'dead' } }),
  });
  const source: WorkSource<Job> = {
    name: 'jobs',
    table,
    laneLimit: options.laneLimit ?? (() => 10),
    load: async (rows, maxBytes) => {
      await options.beforeLoad?.();
      const there = rows.filter(({ id }) => !options.isGone?.(id));
      return new Map(
        there.map(({ id, endpointId: lane }): [string, Job | 'held' | Held | LargeContent] => {
          const bytes = options.sizeOf?.(id) ?? 0;
          if (bytes > maxBytes) return [id, new LargeContent(bytes)];
          const reason = options.whyHeld?.(id);
          if (reason !== undefined) return [id, new Held(reason)];
          return [id, options.isHeld?.(lane) ? 'held' : jobOf(id, lane, options)];
        }),
      );
    },
    freeHeld: async () => {
      const ids = await database('jobs').where({ phase: PHASE.held }).pluck<string[]>('id');
      for (const id of ids) if (options.whyHeld?.(id) === undefined) await freeHeld(database, table, { id });
    },
    attempt: async (job, context) => options.attempt(job, context),
  };
  const queue = new WorkQueue({
    database,
    clock,
    logger,
    lease,
    source,
    random: () => 0,
    retryClock: { wakeAt: (_queue, lane, at) => void wakes.push({ lane, at }) },
    concurrency: options.concurrency ?? 256,
    maxContentBytes: options.maxContentBytes ?? 1024 ** 3,
  });
  await lease.start();
  await queue.start();
  return {
    lease,
    queue,
    wakes,
    logged,
    stop: async () => {
      let isOver = false;
      const stopped = queue.stop(1_000).finally(() => (isOver = true));
      while (!isOver && clock instanceof ManualClock) {
        clock.advance(1_000);
        await new Promise((resolve) => setImmediate(resolve));
      }
      await stopped;
      await lease.stop();
    },
  };
}

function jobOf(id: string, lane: number, { deadlineMs = 60_000, blocksKey = false }: TestHostOptions): Job {
  return { id, lane, retryPolicy: defaultRetryPolicy, blocksKey, deadlineMs };
}

/** Stores fresh jobs of one lane; their ids are in order. */
export async function storeJobs(
  database: Database,
  lane: number,
  count: number,
  row: Readonly<Record<string, unknown>> = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, newId);
  await database('jobs').insert(
    ids.map((id) => ({ id, endpoint_id: lane, state: 'queued', phase: 0, due_at: 0, ...row })),
  );
  return ids;
}
