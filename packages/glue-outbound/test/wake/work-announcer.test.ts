import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { coreMigrations, ManualClock, migrate, silentLogger, type Logger } from 'glue-core';
import { WorkAnnouncer } from '../../src/wake/work-announcer.js';
import { onEachDatabase, type TestDatabase } from '../support/test-database.js';

/** Tells that a pause has begun. */
class CountingClock extends ManualClock {
  pauses = 0;
  override after(delayMs: number, call: () => void): () => void {
    this.pauses += 1;
    return super.after(delayMs, call);
  }
}

onEachDatabase('telling others of queued deliveries', (open) => {
  let place: TestDatabase;
  let clock: CountingClock;
  let warned: string[];
  let announcer: WorkAnnouncer;

  beforeEach(async () => {
    place = await open();
    await migrate(place.database, coreMigrations);
    [clock, warned] = [new CountingClock(), []];
    const logger: Logger = { ...silentLogger, warn: (_fields, message) => void warned.push(message) };
    announcer = new WorkAnnouncer({ database: place.database, clock, logger });
  });
  afterEach(() => place.close());

  const told = async (): Promise<number> => {
    const row = await place
      .database<{ topic: string; value: number }>('glue_changes')
      .where({ topic: 'work' })
      .first();
    return Number(row?.value);
  };

  it('tells of the first at once, and of all that follow together', async () => {
    announcer.announce();
    announcer.announce();
    await announcer.finish();
    expect(await told()).toBe(2);
    for (let queued = 0; queued < 1_000; queued += 1) announcer.announce();
    await announcer.finish();
    expect(await told()).toBe(3);
  });

  it('tells four times a second at most, and of the last one too', async () => {
    announcer.announce();
    await until(async () => (await told()) === 1 && clock.pauses === 1);
    announcer.announce();
    clock.advance(249);
    expect(await told()).toBe(1);
    clock.advance(1);
    await until(async () => (await told()) === 2);
    clock.advance(10_000);
    await announcer.finish();
    expect(await told()).toBe(2);
  });

  it('has nothing to tell where nothing was queued', async () => {
    await announcer.finish();
    expect(await told()).toBe(0);
  });

  it('leaves it to their sweep where the database refuses, and goes on telling', async () => {
    await place.database.schema.renameTable('glue_changes', 'away');
    announcer.announce();
    await announcer.finish();
    expect(warned).toEqual([
      'other hosts could not be told of queued deliveries; their next sweep finds them',
    ]);
    await place.database.schema.renameTable('away', 'glue_changes');
    announcer.announce();
    await announcer.finish();
    expect(await told()).toBe(1);
  });

  async function until(isSo: () => Promise<boolean>): Promise<void> {
    for (let looked = 0; looked < 1_000; looked += 1) if (await isSo()) return;
    throw new Error('it did not come about');
  }
});
