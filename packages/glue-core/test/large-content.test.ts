import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { done } from '../src/outcome/outcome.js';
import { describeEachDatabase } from './support/databases.js';
import { jobOf } from './support/job-work.js';
import { makeJobTables, startHost, storeJobs, type TestHost } from './support/work-fixture.js';

const MIB = 1024 * 1024;

describeEachDatabase('work with large content', (openDatabase) => {
  let database: Database;
  const hosts: TestHost[] = [];
  /** Ends attempts, by the id of the job. */
  const running = new Map<string, () => void>();
  const sizes = new Map<string, number>();

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    running.clear();
    sizes.clear();
  });
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.stop();
    await database.destroy();
  });

  async function start(name = 'one', beforeLoad?: () => Promise<void>): Promise<TestHost> {
    const host = await startHost(database, {
      ...{ name, clock: new ManualClock(), maxContentBytes: 100 * MIB },
      sizeOf: (id) => sizes.get(id) ?? 100,
      attempt: async ({ id }) => {
        await new Promise<void>((end) => running.set(id, end));
        running.delete(id);
        return { result: done() };
      },
      ...(beforeLoad && { beforeLoad }),
    });
    hosts.push(host);
    return host;
  }
  async function store(lane: number, ...mib: readonly number[]): Promise<string[]> {
    const ids = await storeJobs(database, lane, mib.length);
    ids.forEach((id, at) => sizes.set(id, (mib[at] ?? 0) * MIB));
    return ids;
  }
  async function until(isSo: () => boolean): Promise<void> {
    const givenUpAt = performance.now() + 10_000;
    while (!isSo()) {
      if (performance.now() > givenUpAt) throw new Error('it did not come about');
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const runs = (...ids: readonly (string | undefined)[]) => ids.every((id) => running.has(id ?? ''));
  const end = (id: string | undefined) => running.get(id ?? '')?.();

  it('begins no more than there is memory for, and the rest as it is given back', async () => {
    const large = await store(1, 30, 30, 30, 30);
    const small = await storeJobs(database, 1, 3);
    const others = await store(2, 20);
    const host = await start();
    await until(() => runs(large[0], large[1], ...small, ...others));
    expect(runs(large[2])).toBe(false);
    end(others[0]);
    end(large[0]);
    await until(() => runs(large[2]));
    expect(runs(large[3])).toBe(false);
    for (const id of [...running.keys()]) end(id);
    await until(() => runs(large[3]));
    end(large[3]);
    await host.queue.idle();
    expect(await database('jobs').where({ state: 'done' })).toHaveLength(8);
  });

  it('runs one alone that is larger than all of the memory', async () => {
    const [huge, after] = await store(1, 500, 10);
    const host = await start();
    await until(() => runs(huge));
    expect(runs(after)).toBe(false);
    end(huge);
    await until(() => runs(after));
    end(after);
    await host.queue.idle();
  });

  it('gives back at a stop what waits for memory, without an attempt', async () => {
    const [first, second = ''] = await store(1, 60, 60);
    const host = await start();
    await until(() => runs(first) && host.queue.held === 2);
    const stopping = host.queue.stop(1_000);
    await until(() => host.queue.held === 1);
    end(first);
    expect(await stopping).toBe(true);
    expect(await jobOf(database, second)).toMatchObject({ state: 'queued', attempts: 0, owner: null });
    expect(await database('job_attempts').where({ item_id: second })).toEqual([]);
  });

  it('is tried again where its content could not be read at first', async () => {
    const [id = ''] = await store(1, 10);
    let loads = 0;
    const host = await start('one', () => {
      loads += 1;
      return loads === 2 ? Promise.reject(new Error('the database is away')) : Promise.resolve();
    });
    await until(() => host.logged.includes('an item could not be begun'));
    host.queue.poke(1);
    await until(() => runs(id));
    end(id);
    await host.queue.idle();
    expect(await jobOf(database, id)).toMatchObject({ state: 'done', attempts: 1 });
  });
});
