import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GlueError, silentLogger, systemClock, type Clock, type Logger } from 'glue-core';
import { AgendaClock, type AgendaClockOptions } from '../src/clock/agenda-clock.js';
import { openAgendaStore, type AgendaConfig } from '../src/clock/agenda-store.js';
import { onEachClockStore, type ClockStore } from './support/clock-stores.js';
import { RecordedQueue } from './support/recorded-queue.js';

/** Well below the sweep's half minute, so that it is the wake-up that came; no measure of speed. */
const BEFORE_ANY_SWEEP_MS = 20_000;

/** The system's clock, but timers are called by the test. */
class CalledClock implements Clock {
  #calls: (() => void)[] = [];
  now = () => Date.now();
  monotonic = () => performance.now();
  after(_delayMs: number, call: () => void): () => void {
    this.#calls.push(call);
    return () => {
      this.#calls = this.#calls.filter((other) => other !== call);
    };
  }
  callAll(): void {
    for (const call of this.#calls.splice(0)) call();
  }
}

/** A logger that keeps its warnings. */
function recordedLogger(): { logger: Logger; warnings: string[] } {
  const warnings: string[] = [];
  return { warnings, logger: { ...silentLogger, warn: (_fields, message) => void warnings.push(message) } };
}

describe('the Agenda clock', () => {
  onEachClockStore((open) => {
    let store: ClockStore;
    let queue: RecordedQueue;
    const clocks: AgendaClock[] = [];

    beforeEach(async () => {
      store = await open();
      queue = new RecordedQueue();
    });
    afterEach(async () => {
      for (const clock of clocks.splice(0)) await clock.stop();
      await store.close();
    });

    function newClock(options: Partial<AgendaClockOptions> = {}): AgendaClock {
      const clock = new AgendaClock({
        config: store.config,
        database: store.database,
        clock: systemClock,
        logger: silentLogger,
        lease: systemClock,
        hostName: 'one',
        ...options,
      });
      clocks.push(clock);
      clock.follow('inbound', queue);
      return clock;
    }

    async function started(options: Partial<AgendaClockOptions> = {}): Promise<AgendaClock> {
      const clock = newClock(options);
      await clock.start();
      return clock;
    }

    it('wakes a lane when its time has come', async () => {
      const clock = await started();
      const due = Date.now() + 800;
      clock.wakeAt('inbound', 7, due);
      await queue.until(() => queue.wakes.length > 0);
      const [wake] = queue.wakes;
      expect(wake?.lane).toBe(7);
      expect(wake?.at).toBeGreaterThanOrEqual(due);
      expect(wake?.at).toBeLessThan(due + BEFORE_ANY_SWEEP_MS);
    });

    it('wakes at the earliest of several times, and keeps one job for the lane', async () => {
      const clock = await started();
      const due = Date.now() + 700;
      clock.wakeAt('inbound', 7, due + 60_000);
      clock.wakeAt('inbound', 7, due);
      clock.wakeAt('inbound', 7, due + 90_000);
      await queue.until(() => queue.wakes.length > 0);
      expect(queue.wakes[0]?.at).toBeLessThan(due + BEFORE_ANY_SWEEP_MS);
      expect(await store.countJobs()).toBe(2); // the lane's, and the sweep's
    });

    it('runs a periodic job again and again, also after a run that failed', async () => {
      const { logger, warnings } = recordedLogger();
      const clock = newClock({ logger });
      let runs = 0;
      const { promise: third, resolve } = Promise.withResolvers<void>();
      const run = async (): Promise<void> => {
        runs += 1;
        if (runs === 1) throw new Error('no luck');
        if (runs === 3) resolve();
      };
      clock.repeat({ name: 'glue-test', everyMs: 300, run });
      await clock.start();
      await third;
      expect(warnings).toContain('a periodic job failed; the next run follows');
    });

    it('asks a periodic job to end when the host stops, and waits for it', async () => {
      const clock = newClock();
      const { promise: began, resolve } = Promise.withResolvers<void>();
      let ended = false;
      clock.repeat({
        name: 'glue-test',
        everyMs: 60_000,
        run: async (signal) => {
          resolve();
          await new Promise((aborted) => signal.addEventListener('abort', aborted));
          ended = true;
        },
      });
      await clock.start();
      await began;
      await clock.stop();
      expect(ended).toBe(true);
    });

    it('loses no wake-up that is asked for while one arrives', async () => {
      const clock = await started();
      queue.onPoke = (lane) => {
        if (queue.wakes.length < 3) clock.wakeAt('inbound', lane, Date.now() + 300);
      };
      clock.wakeAt('inbound', 7, Date.now() + 300);
      await queue.until(() => queue.wakes.length === 3);
      expect(queue.wakes.map(({ lane }) => lane)).toEqual([7, 7, 7]);
    });

    it('goes by the shared time, however far off the clock of this host is', async () => {
      const hourMs = 3_600_000;
      const clock = await started({ lease: { now: () => Date.now() + hourMs } });
      const due = Date.now() + 700;
      clock.wakeAt('inbound', 7, due + hourMs);
      await queue.until(() => queue.wakes.length > 0);
      expect(queue.wakes[0]?.at).toBeGreaterThanOrEqual(due);
      expect(queue.wakes[0]?.at).toBeLessThan(due + BEFORE_ANY_SWEEP_MS);
    });

    it('leaves the wake-ups of a queue that it does not have to hosts that have it', async () => {
      const outbound = new RecordedQueue();
      const other = new AgendaClock({
        config: store.config,
        database: store.database,
        clock: systemClock,
        logger: silentLogger,
        lease: systemClock,
        hostName: 'two',
      });
      clocks.push(other);
      other.follow('outbound', outbound);
      await other.start();
      const clock = await started();
      clock.wakeAt('outbound', 3, Date.now() + 300);
      await outbound.until(() => outbound.wakes.length > 0);
      expect(outbound.wakes[0]?.lane).toBe(3);
      expect(queue.wakes).toEqual([]);
    });

    it('sweeps at its start, and is healthy then', async () => {
      const clock = await started();
      await queue.until(() => queue.sweeps === 1);
      expect(clock.isHealthy()).toBe(true);
    });

    it('heals when somebody emptied the store', async () => {
      const timers = new CalledClock();
      const clock = await started({ clock: timers });
      await queue.until(() => queue.sweeps === 1);
      clock.wakeAt('inbound', 7, Date.now() + 60_000);
      await store.empty();
      queue.onSweep = () => clock.wakeAt('inbound', 7, Date.now() + 200);
      timers.callAll();
      await queue.until(() => queue.wakes.length > 0);
      expect(queue.sweeps).toBe(2);
    });

    it('throws nothing at its callers when the store fails, says so once, and is not ready', async () => {
      const { logger, warnings } = recordedLogger();
      let failing = false;
      const clock = await started({
        logger,
        openStore: async (config, database) => {
          const real = await openAgendaStore(config, database);
          const { repository } = real.backend;
          const saveJob: typeof repository.saveJob = (...parameters) =>
            failing ? Promise.reject(new Error('the disk is full')) : repository.saveJob(...parameters);
          const flaky = new Proxy(repository, {
            get: (target, name) =>
              name === 'saveJob' ? saveJob : (Reflect.get(target, name) as () => void).bind?.(target),
          });
          return { ...real, backend: { ...real.backend, repository: flaky } };
        },
      });
      expect(clock.isHealthy()).toBe(true);
      failing = true;
      clock.wakeAt('inbound', 7, Date.now() + 60_000);
      clock.wakeAt('inbound', 8, Date.now() + 60_000);
      while (clock.isHealthy()) await new Promise((resolve) => setImmediate(resolve));
      expect(warnings).toEqual([
        "Agenda's store fails; retries go by timers of this host, and others' by the sweep",
      ]);
      clock.wakeAt('inbound', 9, Date.now() + 200);
      await queue.until(() => queue.wakes.length > 0);
      expect(queue.wakes.splice(0)).toMatchObject([{ lane: 9 }]);
      failing = false;
      clock.wakeAt('inbound', 7, Date.now() + 300);
      await queue.until(() => queue.wakes.length > 0);
      expect(queue.wakes[0]?.lane).toBe(7);
    });

    it('works where nobody gets a connection of the host’s, but on SQLite, and closes its own', async () => {
      const all = store.config.database.client === 'mysql' ? 5 : 0;
      const taken = await Promise.all(Array.from({ length: all }, () => store.database.transaction()));
      const clock = await started();
      clock.wakeAt('inbound', 7, Date.now() + 200);
      await queue.until(() => queue.wakes.length > 0);
      for (const transaction of taken) await transaction.rollback();
      await clock.stop();
      // The server takes a moment to end them.
      while ((await store.countConnections()) > all) await new Promise((resolve) => setImmediate(resolve));
    });

    it('loses nothing that it has taken and not begun when it stops: the next one wakes the lane', async () => {
      const clock = await started();
      await queue.until(() => queue.sweeps === 1);
      clock.wakeAt('inbound', 7, Date.now() + 700); // taken at the next look, due a little later
      while ((await store.countLocked()) === 0) await new Promise((resolve) => setImmediate(resolve));
      await clock.stop();
      expect(queue.wakes).toEqual([]);
      expect(clock.isHealthy()).toBe(false);
      await started();
      // At once where it was given back; after its lock where the stop came between the lock and Agenda's knowing of it.
      await queue.until(() => queue.wakes.length > 0);
      expect(queue.wakes[0]?.lane).toBe(7);
    });
  });

  it('says clearly, and in seconds, when MongoDB cannot be reached at start', async () => {
    const url = 'mongodb://somebody:secret@127.0.0.1:1/glue';
    const opening = onSqliteWith({ store: 'mongodb', url });
    await expect(opening).rejects.toThrow(GlueError);
    await expect(opening).rejects.toMatchObject({
      code: 'GLUE_CLOCK_UNAVAILABLE',
      message: expect.stringMatching(
        /^Agenda's store, MongoDB at 127\.0\.0\.1:1, cannot be used: .*ECONNREFUSED/,
      ),
    });
    await expect(opening).rejects.not.toMatchObject({ message: expect.stringContaining('secret') });
  });
});

/** A clock that has no database to fall back on: it must not need one when its jobs are in MongoDB. */
function onSqliteWith(clock: AgendaConfig['clock']): Promise<unknown> {
  const database = { client: 'sqlite', file: '/dev/null/none.db', durability: 'fast' } as const;
  return openAgendaStore({ clock, database }, undefined as never);
}
