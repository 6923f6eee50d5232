import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GlueError, openDatabase, silentLogger, systemClock, type Database } from 'glue-core';
import { AgendaClock } from '../src/clock/agenda-clock.js';

/** Collects what the clock tells a queue, and lets a test wait for it. */
class RecordedQueue {
  readonly pokes: { lane: number; at: number }[] = [];
  sweeps = 0;
  #notify = () => {};

  poke(lane: number): void {
    this.pokes.push({ lane, at: Date.now() });
    this.#notify();
  }

  async sweep(): Promise<void> {
    this.sweeps += 1;
    this.#notify();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.#notify = resolve;
      });
    }
  }
}

describe('the Agenda clock on SQLite', () => {
  let folder: string;
  let database: Database;
  const clocks: AgendaClock[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glue-clock-'));
    database = openDatabase({ client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' });
  });

  afterEach(async () => {
    for (const clock of clocks.splice(0)) await clock.stop();
    await database.destroy();
    rmSync(folder, { recursive: true });
  });

  function clockFor(queue: RecordedQueue, name = 'inbound'): AgendaClock {
    const clock = new AgendaClock({
      config: { store: 'database' },
      database,
      clock: systemClock,
      logger: silentLogger,
      lease: systemClock,
      hostName: 'one',
    });
    clock.follow(name, queue);
    clocks.push(clock);
    return clock;
  }

  it('wakes a lane when its time has come, and within half a second', async () => {
    const queue = new RecordedQueue();
    const clock = clockFor(queue);
    await clock.start();
    const due = Date.now() + 700;
    clock.wakeAt('inbound', 7, due);
    await queue.until(() => queue.pokes.length > 0);
    expect(queue.pokes).toEqual([{ lane: 7, at: expect.any(Number) }]);
    expect(queue.pokes[0]?.at).toBeGreaterThanOrEqual(due);
    expect(queue.pokes[0]?.at).toBeLessThan(due + 500);
  });
});
