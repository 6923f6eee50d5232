import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { GlueError } from '../src/errors/glue-error.js';
import { BulkMoves } from '../src/operate/bulk-moves.js';
import { BulkRunner } from '../src/operate/bulk-runner.js';
import type { FilteredWork } from '../src/operate/operated-work.js';
import { describeEachDatabase } from './support/databases.js';
import { jobWork } from './support/job-work.js';
import { auditOf } from './support/rows.js';
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
    const log = (fields: object, message: string) => void logged.push(message, JSON.stringify(fields));
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

  it('logs that the endpoints cannot be read, and tries again', async () => {
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
    expect(logged).toContain('bulk moves could not be looked at; it is tried again');
    broken = false;
    await runner.onRenewed();
    await runner.idle();
    expect(await bulk.get(id)).toMatchObject({ state: 'done', moved: 1 });
  });

  /** A bulk move whose steps fail because of the items of a lane. */
  function brokenIn(lane: number, isBroken: () => boolean, error: () => Error): FilteredWork {
    return {
      ...jobWork,
      rules: async () => {
        const rules = await jobWork.rules();
        return {
          ...rules,
          replay: async (trx, ids, place) => {
            const found = await trx('jobs').whereIn('id', ids).where({ endpoint_id: lane });
            if (isBroken() && found.length > 0) throw error();
            return rules.replay(trx, ids, place);
          },
        };
      },
    };
  }
  const finishedJobs = (lane: number) =>
    storeJobs(database, lane, 3, { state: 'done', phase: null, finished_at: 400 });
  async function lookAgain(runner: BulkRunner, times: number): Promise<void> {
    for (let time = 0; time < times; time += 1) {
      clock.advance(5_000);
      await runner.idle();
    }
  }

  it('goes on with other bulk moves where a step of one fails again and again, and gives that one up', async () => {
    const work = brokenIn(
      7,
      () => true,
      () => new SyntaxError('Unexpected token in "4242"'),
    );
    const { runner, logged } = await host('one', work);
    await finishedJobs(7);
    await finishedJobs(8);
    const broken = await bulk.start('replay', { endpointId: 7 }, { actor: 'test' });
    const sound = await bulk.start('replay', { endpointId: 8 }, { actor: 'test' });
    runner.start();
    await runner.idle();
    expect(await bulk.get(sound.id)).toMatchObject({ state: 'done', moved: 3 });
    expect(await bulk.get(broken.id)).toMatchObject({ state: 'running', moved: 0 });
    for (let time = 0; time < 20; time += 1) runner.look(); // at once: none of it is a try
    await runner.idle();
    expect(await bulk.get(broken.id)).toMatchObject({ state: 'running' });
    await lookAgain(runner, 4);
    expect(await bulk.get(broken.id)).toMatchObject({
      ...{ state: 'failed', moved: 0, skipped: undefined, finishedAt: clock.now() },
      failure: 'a step failed 5 times in a row: SyntaxError; the log has more',
    });
    expect(await auditOf(database)).toContainEqual(
      expect.objectContaining({
        action: 'bulk-move.failed',
        subject: `outbound delivery bulk move ${broken.id}`,
      }),
    );
    expect(JSON.stringify(logged)).not.toContain('4242');
  });

  it('does not give a bulk move up because the database is away', async () => {
    let isAway = true;
    const work = brokenIn(
      7,
      () => isAway,
      () => new GlueError('GLUE_DATABASE_UNAVAILABLE', 'the database cannot be used (ECONNREFUSED)'),
    );
    const { runner } = await host('one', work);
    await finishedJobs(7);
    const { id } = await bulk.start('replay', {}, { actor: 'test' });
    runner.start();
    await runner.idle();
    await lookAgain(runner, 10);
    expect(await bulk.get(id)).toMatchObject({ state: 'running', moved: 0 });
    isAway = false;
    await lookAgain(runner, 2);
    expect(await bulk.get(id)).toMatchObject({ state: 'done', moved: 3 });
  });
});
