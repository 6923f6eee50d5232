import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import type { Logger } from '../src/log/logger.js';
import { HostLease } from '../src/work/host-lease.js';
import { describeEachDatabase } from './support/databases.js';
import { makeJobTables } from './support/work-fixture.js';

const logger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => logger,
};

describeEachDatabase('the lease of a host', (openDatabase) => {
  let database: Database;
  let clock: ManualClock;
  let leases: HostLease[];

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    clock = new ManualClock();
    leases = [];
  });

  afterEach(async () => {
    for (const lease of leases) await lease.stop();
    await database.destroy();
  });

  async function take(name: string, readTime = () => Promise.resolve(clock.now())): Promise<HostLease> {
    const lease = new HostLease({ database, clock, logger, name, readTime, isRunning: () => true });
    leases.push(lease);
    await lease.start();
    return lease;
  }

  /** Until what the turned clock set off has happened. */
  async function until(happened: () => boolean): Promise<void> {
    for (let turn = 0; turn < 500 && !happened(); turn += 1) await new Promise((done) => setTimeout(done, 2));
    expect(happened()).toBe(true);
  }

  it('is lost when it runs out, even while a renewal hangs', async () => {
    let hangs = false;
    const answer = Promise.withResolvers<number>();
    const lease = await take('one', () => (hangs ? answer.promise : Promise.resolve(clock.now())));
    const { signal, incarnation } = lease;
    hangs = true;
    clock.advance(3_000);
    clock.advance(8_999);
    expect([lease.isHeld(), signal.aborted]).toEqual([true, false]);
    clock.advance(1);
    expect([lease.isHeld(), signal.aborted]).toEqual([false, true]);

    hangs = false;
    answer.resolve(clock.now());
    await until(() => lease.isHeld());
    expect(lease.incarnation).not.toBe(incarnation);
  });

  it('looks when the lease of another host runs out, not only at its own next renewal', async () => {
    const dead = await take('dead');
    let looks = 0;
    clock.advance(1_000);
    const lease = await take('one');
    lease.follow({ onRenewed: async () => void (looks += 1) });
    // The other renews no more: its rows are as a kill left them.
    await dead.stop();
    await database('glue_hosts').insert({
      ...{ name: 'dead', pid: 1, started_at: 0, lease_until: clock.now() + 7_000 },
    });
    for (const expected of [1, 2]) {
      clock.advance(3_000);
      await until(() => looks === expected);
    }
    clock.advance(1_099);
    expect(looks).toBe(2);
    clock.advance(1);
    await until(() => looks === 3);
    expect(await database('glue_hosts').where({ name: 'dead' })).toEqual([]);
  });

  it('takes nobody for dead since the database was slow to tell the time', async () => {
    let answer: PromiseWithResolvers<number> | undefined;
    const lease = await take('one', () => answer?.promise ?? Promise.resolve(clock.now()));
    const two = { name: 'two', pid: 1, started_at: 0, lease_until: clock.now() + 12_000 };
    await database('glue_hosts').insert(two);
    let looks = 0;
    lease.follow({ onRenewed: async () => void (looks += 1) });

    // A cluster that has lost a node tells the time at the end of the wait.
    answer = Promise.withResolvers();
    clock.advance(3_000);
    clock.advance(6_000);
    answer.resolve(clock.now());
    answer = undefined;
    await until(() => looks === 1);
    expect(lease.now()).toBe(clock.now());
    expect(lease.isHeld()).toBe(true);
    expect(await database('glue_hosts').where({ name: 'two' })).toHaveLength(1);
  });

  it('counts from the begin of a slow answer, as long as nothing better is known', async () => {
    const answer = Promise.withResolvers<number>();
    const taking = take('one', () => answer.promise);
    clock.advance(6_000);
    answer.resolve(clock.now());
    const lease = await taking;
    const { signal } = lease;
    expect(lease.now()).toBe(clock.now());
    // The next renewal is not answered.
    clock.advance(5_999);
    expect([lease.isHeld(), signal.aborted]).toEqual([true, false]);
    clock.advance(1);
    expect([lease.isHeld(), signal.aborted]).toEqual([false, true]);
  });

  it.each([600_000, -600_000])('does not notice that the clock of its host is set by %i ms', async (byMs) => {
    const start = clock.now();
    const lease = await take('one', () => Promise.resolve(clock.monotonic()));
    const { signal, incarnation } = lease;
    let looks = 0;
    lease.follow({ onRenewed: async () => void (looks += 1) });
    clock.set(start + byMs);
    expect([lease.now(), lease.isHeld()]).toEqual([start, true]);
    clock.advance(3_000);
    await until(() => looks === 1);
    expect([lease.now(), lease.isHeld()]).toEqual([start + 3_000, true]);
    expect([signal.aborted, lease.incarnation]).toEqual([false, incarnation]);
  });

  it('follows the database where its clock is set', async () => {
    let shiftMs = 0;
    const lease = await take('one', () => Promise.resolve(clock.now() + shiftMs));
    let looks = 0;
    lease.follow({ onRenewed: async () => void (looks += 1) });
    for (const [index, ms] of [600_000, -600_000].entries()) {
      shiftMs = ms;
      clock.advance(3_000);
      await until(() => looks > index);
      expect(lease.now()).toBe(clock.now() + ms);
    }
  });
});
