import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import type { Logger } from '../src/log/logger.js';
import type { ProcessFate } from '../src/work/process-mark.js';
import { HostLease, type HostLeaseOptions } from '../src/work/host-lease.js';
import { describeEachDatabase } from './support/databases.js';
import { makeJobTables } from './support/work-fixture.js';

let logged: { level: string; message: string; fields: object }[] = [];
const logAt =
  (level: string) =>
  (fields: object, message: string): void =>
    void logged.push({ level, message, fields });
const logger: Logger = {
  ...{ debug: logAt('debug'), info: logAt('info'), warn: logAt('warn'), error: logAt('error') },
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
    logged = [];
  });

  afterEach(async () => {
    for (const lease of leases) await lease.stop();
    await database.destroy();
  });

  async function take(
    name: string,
    readTime = () => Promise.resolve(clock.now()),
    options: Partial<HostLeaseOptions> = {},
  ): Promise<HostLease> {
    const lease = new HostLease({ database, clock, logger, name, readTime, ...options });
    leases.push(lease);
    await lease.start();
    return lease;
  }

  /** Until what the turned clock set off has happened. */
  async function until(happened: () => boolean): Promise<void> {
    for (let turn = 0; turn < 500 && !happened(); turn += 1) await new Promise((done) => setTimeout(done, 2));
    expect(happened()).toBe(true);
  }

  it('tells whole milliseconds, though the monotonic clock tells fractions', async () => {
    clock.advance(0.6);
    const lease = await take('one', () => Promise.resolve(1_000));
    expect(lease.now()).toBe(1_000);
    clock.advance(1.7);
    expect(lease.now()).toBe(1_001);
  });

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

  it('is given up by a host that stops during a renewal: no other is taken in its place', async () => {
    const asked = Promise.withResolvers<void>();
    const answer = Promise.withResolvers<number>();
    let isRenewing = false;
    const lease = await take('one', () => {
      if (!isRenewing) return Promise.resolve(clock.now());
      asked.resolve();
      return answer.promise;
    });
    isRenewing = true;
    clock.advance(3_000);
    await asked.promise;
    const stopped = lease.stop();
    answer.resolve(clock.now());
    await stopped;
    expect(await database('glue_hosts')).toEqual([]);
    expect(logged).toEqual([]);
  });

  it('is given up, too, by one that stops while it takes another in place of a lost one', async () => {
    const answer = Promise.withResolvers<number>();
    let reads = -Infinity;
    const lease = await take('one', () => {
      reads += 1;
      return reads === 2 ? answer.promise : Promise.resolve(clock.now());
    });
    await database('glue_hosts').delete();
    reads = 0;
    clock.advance(3_000);
    await until(() => reads === 2);
    const stopped = lease.stop();
    answer.resolve(clock.now());
    await stopped;
    expect(await database('glue_hosts')).toEqual([]);
    expect([logged, lease.signal.aborted]).toEqual([[], true]);
  });

  it('is renewed soon after a renewal that failed, which is told of once', async () => {
    let isAway = false;
    let reads = 0;
    const lease = await take('one', () => {
      reads += 1;
      return isAway ? Promise.reject(new Error('away')) : Promise.resolve(clock.now());
    });
    const { signal, incarnation } = lease;
    let looks = 0;
    lease.follow({ onRenewed: async () => void (looks += 1) });
    isAway = true;
    reads = 0;
    for (const [waitMs, reached] of [
      [3_000, 1],
      [500, 2],
      [500, 3],
    ] as const) {
      clock.advance(waitMs - 1);
      expect(reads).toBe(reached - 1);
      clock.advance(1);
      await until(() => reads === reached);
      // Until the next try is set.
      await new Promise((resolve) => setImmediate(resolve));
    }
    isAway = false;
    clock.advance(500);
    await until(() => looks === 1);
    expect(logged).toMatchObject([
      { message: 'the host lease could not be renewed', fields: { reason: 'away' } },
    ]);
    clock.advance(11_999);
    expect([lease.isHeld(), signal.aborted, lease.incarnation]).toEqual([true, false, incarnation]);
  });

  it('is renewed while the look after other hosts takes long, and one look is taken at a time', async () => {
    const lease = await take('one');
    const { signal, incarnation } = lease;
    const slow = Promise.withResolvers<void>();
    let looks = 0;
    lease.follow({
      onRenewed: () => {
        looks += 1;
        return slow.promise;
      },
    });
    for (let step = 0; step < 300; step += 1) {
      clock.advance(100);
      // A renewal has its time.
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    expect([lease.isHeld(), signal.aborted, lease.incarnation, looks]).toEqual([true, false, incarnation, 1]);
    slow.resolve();
    clock.advance(3_000);
    await until(() => looks === 2);
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

  describe('where the database’s clock is set', () => {
    const TEN_MINUTES_MS = 600_000;
    const rowsOf = (name: string): Promise<object[]> => database('glue_hosts').where({ name });
    const lost = (): object[] => logged.filter(({ message }) => message.includes('was lost'));

    it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])('by %i ms, hosts keep their leases', async (byMs) => {
      let setBy = 0;
      const readTime = () => Promise.resolve(clock.now() + setBy);
      const both = [await take('one', readTime), await take('two', readTime)];
      const before = both.map(({ incarnation }) => incarnation);
      const looks = [0, 0];
      both.forEach((lease, n) => lease.follow({ onRenewed: async () => void (looks[n]! += 1) }));
      setBy = byMs;
      for (let look = 1; look <= 8; look += 1) {
        clock.advance(3_000);
        await until(() => looks.every((count) => count >= look));
      }
      expect(both.map(({ incarnation }) => incarnation)).toEqual(before);
      expect(both.map((lease) => lease.isHeld())).toEqual([true, true]);
      expect(lost()).toEqual([]);
    });

    it('forward, others have a lease’s length to renew theirs, and who does not is dead', async () => {
      const row = { pid: 1, started_at: 0, lease_ms: 12_000, lease_until: clock.now() + 12_000 };
      let setBy = 0;
      const lease = await take('one', () => Promise.resolve(clock.now() + setBy));
      await database('glue_hosts').insert([
        { ...row, name: 'living' },
        { ...row, name: 'dead' },
      ]);
      let looks = 0;
      lease.follow({ onRenewed: async () => void (looks += 1) });
      setBy = TEN_MINUTES_MS;
      clock.advance(3_000);
      await until(() => looks === 1);
      expect(await rowsOf('living')).toHaveLength(1);
      await database('glue_hosts')
        .where({ name: 'living' })
        .update({ lease_until: clock.now() + setBy + 60_000, lease_ms: 60_000 });
      for (let look = 2; look <= 6; look += 1) {
        clock.advance(3_000);
        await until(() => looks >= look);
      }
      expect([await rowsOf('living'), await rowsOf('dead')]).toMatchObject([[{}], []]);
    });

    it('back, one that has renewed its lease by the new time is not judged by the old', async () => {
      const one = { name: 'one', pid: 1, started_at: 0, lease_ms: 12_000, lease_until: clock.now() + 12_000 };
      await database('glue_hosts').insert(one);
      let isSetBack = false;
      const lease = await take('two', async () => {
        const now = clock.now() - (isSetBack ? TEN_MINUTES_MS : 0);
        if (clock.now() > one.lease_until - 12_000 && !isSetBack) {
          // After the other has read the time, and before it looks at the leases.
          isSetBack = true;
          await database('glue_hosts')
            .where({ name: 'one' })
            .update({ lease_until: clock.now() - TEN_MINUTES_MS + 12_000 });
        }
        return now;
      });
      let looks = 0;
      lease.follow({ onRenewed: async () => void (looks += 1) });
      clock.advance(3_000);
      await until(() => looks === 1);
      expect(await rowsOf('one')).toHaveLength(1);
    });

    it('back, the work of a dead host waits for a lease’s length, not for its old time to come again', async () => {
      await database('glue_hosts').insert([
        { name: 'dead', pid: 1, started_at: 0, lease_ms: 12_000, lease_until: clock.now() + TEN_MINUTES_MS },
        { name: 'slow', pid: 1, started_at: 0, lease_ms: 60_000, lease_until: clock.now() + 55_000 },
      ]);
      const lease = await take('one');
      let looks = 0;
      lease.follow({ onRenewed: async () => void (looks += 1) });
      for (const look of [1, 2, 3]) {
        clock.advance(3_000);
        await until(() => looks >= look);
      }
      expect(await rowsOf('dead')).toHaveLength(1);
      clock.advance(3_100);
      await until(() => looks >= 4);
      expect(await rowsOf('dead')).toHaveLength(0);
      expect(await rowsOf('slow')).toMatchObject([{ lease_ms: 60_000 }]);
    });

    it('back, a lease that is not renewed is held no longer than it lasts', async () => {
      let setBy = 0;
      let hangs = false;
      const lease = await take('one', () =>
        hangs ? new Promise(() => {}) : Promise.resolve(clock.now() + setBy),
      );
      let looks = 0;
      lease.follow({ onRenewed: async () => void (looks += 1) });
      setBy = -TEN_MINUTES_MS;
      clock.advance(3_000);
      await until(() => looks === 1);
      hangs = true;
      clock.advance(11_999);
      expect([lease.isHeld(), lease.signal.aborted]).toEqual([true, false]);
      clock.advance(1);
      expect([lease.isHeld(), lease.signal.aborted]).toEqual([false, true]);
      // The stop would wait for the answer.
      leases = [];
    });

    it('back, it tells so for a lease’s length, in which others may not know yet', async () => {
      let setBy = 0;
      const lease = await take('one', () => Promise.resolve(clock.now() + setBy));
      let looks = 0;
      lease.follow({ onRenewed: async () => void (looks += 1) });
      expect(lease.wasTimeSetBack).toBe(false);
      setBy = -5_000;
      clock.advance(3_000);
      await until(() => looks === 1);
      expect(lease.wasTimeSetBack).toBe(true);
      for (const look of [2, 3, 4, 5, 6]) {
        clock.advance(3_000);
        await until(() => looks >= look);
      }
      expect(lease.wasTimeSetBack).toBe(false);
    });
  });

  describe('with the name of another host', () => {
    const withFate = (fate: ProcessFate, own = 'mark of two'): Partial<HostLeaseOptions> => ({
      processes: { own, fateOf: () => fate },
    });
    const tooMany = (): object[] => logged.filter(({ level }) => level === 'error');
    const incarnations = (): Promise<number[]> =>
      database('glue_hosts')
        .orderBy('incarnation')
        .pluck<number[]>('incarnation')
        .then((ids) => ids.map(Number));

    it('takes over from one that is dead for sure at once', async () => {
      await take('same');
      const lease = await take('same', undefined, withFate('dead'));
      expect(await incarnations()).toEqual([lease.incarnation]);
      expect(logged).toEqual([]);
    });

    it('waits for the lease of one that may be of another container, says so, and takes over when it runs out', async () => {
      const dead = await take('same', () => Promise.resolve(clock.now()), { renewMs: 86_400_000 });
      clock.advance(2_000);
      const lease = await take('same', undefined, withFate('unknown'));
      expect(await incarnations()).toEqual([dead.incarnation, lease.incarnation]);
      expect(logged).toMatchObject([
        { level: 'warn', fields: { name: 'same', incarnation: dead.incarnation, waitMs: 10_000 } },
      ]);
      let looks = 0;
      lease.follow({ onRenewed: async () => void (looks += 1) });
      for (const [after, expected] of [
        [3_000, 1],
        [3_000, 2],
        [3_000, 3],
        [1_100, 4],
      ] as const) {
        clock.advance(after);
        await until(() => looks === expected);
      }
      expect(await incarnations()).toEqual([lease.incarnation]);
      expect(tooMany()).toEqual([]);
    });

    it('harms none that lives, and tells both, once, what is wrong', async () => {
      const first = await take('same', undefined, withFate('unknown', 'mark of one'));
      const second = await take('same', undefined, withFate('unknown'));
      const [before, looks] = [[first, second].map(({ incarnation }) => incarnation), [0, 0]];
      [first, second].forEach((lease, n) => lease.follow({ onRenewed: async () => void (looks[n]! += 1) }));
      for (const look of [1, 2, 3, 4, 5, 6]) {
        clock.advance(3_000);
        await until(() => looks.every((count) => count >= look));
      }
      expect([first, second].map(({ incarnation }) => incarnation)).toEqual(before);
      expect(await incarnations()).toEqual(before);
      expect(tooMany()).toMatchObject([
        { message: expect.stringContaining('give each a host.name of its own'), fields: { name: 'same' } },
        { message: expect.stringContaining('two hosts run under the name "same"') },
      ]);
    });

    it('tells of one that runs on this machine at the start', async () => {
      const first = await take('same');
      await take('same', undefined, withFate('running'));
      expect(tooMany()).toMatchObject([
        { fields: { name: 'same', incarnation: first.incarnation, pid: process.pid } },
      ]);
    });

    it('is content with a second lease of its own process: two sides in one app are one host', async () => {
      const [first, second] = [await take('same'), await take('same')];
      expect(await incarnations()).toEqual([first.incarnation, second.incarnation]);
      clock.advance(3_000);
      clock.advance(3_000);
      expect(logged).toEqual([]);
    });

    it('keeps apart from rows that an older version wrote', async () => {
      await database('glue_hosts').insert({
        name: 'same',
        pid: process.pid,
        started_at: 0,
        lease_until: clock.now() + 5_000,
      });
      await take('same');
      expect(await incarnations()).toHaveLength(2);
    });
  });
});
