import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { announceChange, ChangeFeed, type ChangeTopic } from '../src/change/change-feed.js';
import { ManualClock } from '../src/clock/manual-clock.js';
import { coreMigrations } from '../src/database/core-migrations.js';
import type { Database } from '../src/database/database.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { migrate } from '../src/database/migrate.js';
import { describeEachDatabase } from './support/databases.js';
import { loggerTo } from './support/shop-connector.js';

describeEachDatabase('the change feed', (openDatabase) => {
  let database: Database;
  let other: Database;
  let clock: ManualClock;
  let feed: ChangeFeed;
  let heard: string[];
  let logged: string[];

  beforeEach(async () => {
    database = await openDatabase();
    other = await openDatabase();
    await migrate(database, coreMigrations);
    clock = new ManualClock();
    heard = [];
    logged = [];
    feed = new ChangeFeed(database, clock, loggerTo(logged));
  });

  afterEach(async () => {
    await feed.stop();
    await Promise.all([database.destroy(), other.destroy()]);
  });

  const hear = (topic: ChangeTopic, name: string = topic) =>
    feed.onChange(topic, async () => void heard.push(name));
  const change = (topic: ChangeTopic, on = other) => inTransaction(on, (trx) => announceChange(trx, topic));
  const heardSince = () => heard.splice(0);

  /** Lets the timer look; this look comes after it. */
  async function afterTimer(): Promise<string[]> {
    clock.advance(500);
    await feed.look().catch(() => {});
    return heardSince();
  }

  it('calls every listener when it starts, and again after a change on another connection', async () => {
    hear('backends');
    hear('inbound', 'first');
    hear('inbound', 'second');
    await feed.start();
    expect(heardSince().sort()).toEqual(['backends', 'first', 'second']);
    expect(await afterTimer()).toEqual([]);
    await change('inbound');
    expect(await afterTimer()).toEqual(['first', 'second']);
    expect(await afterTimer()).toEqual([]);
  });

  it('looks twice a second by itself', async () => {
    await feed.start();
    await change('backends');
    const called = new Promise<void>((resolve) => feed.onChange('backends', async () => resolve()));
    clock.advance(499);
    clock.advance(1);
    await called;
  });

  it('hears of a change at the commit, not before, and never of one that was rolled back', async () => {
    hear('outbound');
    await feed.start();
    heardSince();
    await inTransaction(database, async (trx) => {
      await announceChange(trx, 'outbound');
      throw new Error('changed my mind');
    }).catch(() => {});
    await feed.look();
    expect(heardSince()).toEqual([]);
    await change('outbound', database);
    await feed.look();
    expect(heardSince()).toEqual(['outbound']);
  });

  it('takes several changes for one', async () => {
    hear('inbound');
    await feed.start();
    heardSince();
    for (let nth = 0; nth < 3; nth += 1) await change('inbound');
    expect(await afterTimer()).toEqual(['inbound']);
  });

  it('calls a listener again that failed, and the others meanwhile', async () => {
    let failures = 0;
    feed.onChange('backends', async () => {
      if (failures < 2) {
        failures += 1;
        throw new Error('not now');
      }
      heard.push('backends');
    });
    hear('inbound');
    await expect(feed.start()).rejects.toThrow('not now');
    expect(heardSince()).toEqual(['inbound']);
    await expect(feed.look()).rejects.toThrow('not now');
    await feed.look();
    expect(heardSince()).toEqual(['backends']);
  });

  it('logs what the timer could not do, and goes on', async () => {
    let isAway = false;
    feed.onChange('backends', async () => {
      if (isAway) throw new Error('not now');
      heard.push('backends');
    });
    await feed.start();
    heardSince();
    isAway = true;
    await change('backends');
    expect(await afterTimer()).toEqual([]);
    isAway = false;
    expect(await afterTimer()).toEqual(['backends']);
    expect(logged).toEqual(['what changed could not be read again {"reason":"not now"}']);
  });

  it('looks one time after another, so that an old reading never replaces a new one', async () => {
    await feed.start();
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    let reading = 0;
    feed.onChange('inbound', async () => {
      reading += 1;
      const mine = reading;
      if (mine === 1) await held;
      heard.push(`reading ${mine}`);
    });
    await change('inbound');
    const first = feed.look();
    await change('inbound');
    const second = feed.look();
    await database.raw('SELECT 1'); // time enough for the second look to begin, if it did
    letGo();
    await Promise.all([first, second]);
    expect(heardSince().slice(0, 1)).toEqual(['reading 1']);
    await feed.look();
    expect(heardSince()).toEqual([]);
  });

  it('is still after it was stopped', async () => {
    hear('inbound');
    await feed.start();
    heardSince();
    await change('inbound');
    await feed.stop();
    clock.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heardSince()).toEqual([]);
  });
});
