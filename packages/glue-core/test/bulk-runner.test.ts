import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { BulkMoves } from '../src/operate/bulk-moves.js';
import { BulkRunner } from '../src/operate/bulk-runner.js';
import type { FilteredWork } from '../src/operate/operated-work.js';
import { describeEachDatabase } from './support/databases.js';
import { jobWork } from './support/job-work.js';
import { makeJobTables, startHost, storeJobs, type TestHost } from './support/work-fixture.js';

describeEachDatabase('the runner of bulk moves', (openDatabase) => {
  let database: Database;
  let clock: ManualClock;
  let bulk: BulkMoves;
  const hosts: TestHost[] = [];
  const runners: BulkRunner[] = [];

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    clock = new ManualClock();
    bulk = new BulkMoves({ database, work: jobWork, now: () => clock.now() });
  });
  afterEach(async () => {
    for (const runner of runners.splice(0)) await runner.stop();
    for (const host of hosts.splice(0)) await host.stop();
    await database.destroy();
  });

  /** A host with a runner, and the lanes that the runner woke. */
  async function host(name: string, work: FilteredWork = jobWork) {
    const started = await startHost(database, { name, clock, attempt: () => new Promise(() => {}) });
    hosts.push(started);
    const woken: number[] = [];
    const { lease, logged } = started;
    const log = (_fields: object, message: string) => void logged.push(message);
    const logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
    const wake = (lane: number) => void woken.push(lane);
    const runner = new BulkRunner({ database, clock, logger, lease, work, wake });
    runners.push(runner);
    return { runner, woken, logged };
  }
  const dead = (count: number) =>
    storeJobs(database, 7, count, { state: 'dead_letter', phase: null, finished_at: 400 });
  const movedOf = async (id: string) => (await bulk.get(id)).moved;

  it('makes one step after another, with a pause, and wakes the lanes', async () => {
    const { runner, woken } = await host('one');
    runner.start();
    await runner.idle();
    await dead(450);
    const { id } = await bulk.start('retry', {}, { actor: 'test' });
    runner.look();
    await runner.idle();
    expect(await movedOf(id)).toBe(200);
    clock.advance(19);
    await runner.idle();
    expect(await movedOf(id)).toBe(200);
    clock.advance(1);
    await runner.idle();
    expect(await movedOf(id)).toBe(400);
    clock.advance(20);
    await runner.idle();
    expect(await bulk.get(id)).toMatchObject({ state: 'done', moved: 450 });
    expect(woken).toEqual([7, 7, 7]);
  });

  it('goes on with what another host began, at the next renewal of the lease', async () => {
    const one = await host('one');
    const two = await host('two');
    await dead(300);
    const { id } = await bulk.start('retry', {}, { actor: 'test' });
    two.runner.start();
    await two.runner.idle();
    await two.runner.stop();
    expect(await movedOf(id)).toBe(200);
    clock.advance(20);
    one.runner.start();
    await one.runner.idle();
    expect(await bulk.get(id)).toMatchObject({ state: 'done', moved: 300 });
  });

  it('does nothing before its start, nor after its stop', async () => {
    const { runner } = await host('one');
    await dead(1);
    const { id } = await bulk.start('retry', {}, { actor: 'test' });
    await runner.onRenewed();
    await runner.idle();
    runner.start();
    await runner.stop();
    await runner.onRenewed();
    clock.advance(60_000);
    await runner.idle();
    expect(await movedOf(id)).toBeLessThanOrEqual(1);
  });

  it('logs a step that fails, and makes it again', async () => {
    let broken = true;
    const work = {
      ...jobWork,
      rules: () => (broken ? Promise.reject(new Error('no endpoints')) : jobWork.rules()),
    };
    const { runner, logged } = await host('one', work);
    await dead(1);
    const { id } = await bulk.start('retry', {}, { actor: 'test' });
    runner.start();
    await runner.idle();
    expect(logged).toContain('a step of a bulk move failed; it is made again');
    broken = false;
    await runner.onRenewed();
    await runner.idle();
    expect(await bulk.get(id)).toMatchObject({ state: 'done', moved: 1 });
  });
});
