import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { layFoundation } from '../src/foundation/foundation.js';
import { mountSide, type MountableSide } from '../src/foundation/mount-side.js';
import { systemClock } from '../src/clock/clock.js';
import { describeEachDatabase } from './support/databases.js';
import { endpointStore, makeEndpointTables } from './support/shop-endpoints.js';

describeEachDatabase('a side that is mounted in an app', (openDatabase) => {
  let database: Database;
  beforeEach(async () => {
    database = await openDatabase();
    await makeEndpointTables(database);
  });
  afterEach(() => database.destroy());

  async function mountedWith(side: Partial<MountableSide>) {
    const secretKey = Buffer.alloc(32, 7).toString('base64');
    const foundation = await layFoundation({ database, secretKey, connectors: [] }, ['inbound']);
    const whole: MountableSide = {
      name: 'inbound',
      endpoints: endpointStore(database, systemClock, 'inbound'),
      queue: { wake: () => {} },
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      ...side,
    };
    return mountSide(foundation, whole, { schema: { name: 'inbound', migrations: [] } });
  }
  const hosts = () => database('glue_hosts');

  it('stops everything else where one part cannot stop, and says so', async () => {
    const mounted = await mountedWith({ stop: () => Promise.reject(new Error('the sender hangs')) });
    await mounted.start();
    expect(await hosts()).toHaveLength(1);
    await expect(mounted.stop()).rejects.toThrow('the sender hangs');
    expect(await hosts()).toEqual([]);
  });

  it('starts once where it is asked twice, and can be started again after a stop', async () => {
    let starts = 0;
    const [set, clear] = [jest.spyOn(globalThis, 'setInterval'), jest.spyOn(globalThis, 'clearInterval')];
    const mounted = await mountedWith({ start: () => Promise.resolve(void (starts += 1)) });
    await Promise.all([mounted.start(), mounted.start()]);
    await mounted.start();
    expect([starts, (await hosts()).length]).toEqual([1, 1]);
    await mounted.stop();
    expect(await hosts()).toEqual([]);
    await mounted.start();
    expect([starts, (await hosts()).length]).toEqual([2, 1]);
    await mounted.stop();
    await mounted.stop();
    const alive = set.mock.results.filter((_, at) => set.mock.calls[at]?.[1] === 2 ** 31 - 1);
    const cleared = clear.mock.calls.map(([timer]) => timer);
    expect(alive).toHaveLength(2);
    // Otherwise the process lives on.
    for (const { value } of alive) expect(cleared).toContain(value);
    jest.restoreAllMocks();
  });

  it('runs nothing where its start fails, and can be asked again', async () => {
    let fails = true;
    const mounted = await mountedWith({
      start: () => (fails ? Promise.reject(new Error('not yet')) : Promise.resolve()),
    });
    await expect(mounted.start()).rejects.toThrow('not yet');
    expect(await hosts()).toEqual([]);
    fails = false;
    await mounted.start();
    expect(await hosts()).toHaveLength(1);
    await mounted.stop();
  });
});
