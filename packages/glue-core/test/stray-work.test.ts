import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { StrayWork } from '../src/work/stray-work.js';
import { describeEachDatabase } from './support/databases.js';
import { makeJobTables, storeJobs, table } from './support/work-fixture.js';

const OWNER = 7;
const NOW = 1_000;

describeEachDatabase('work that carries the mark of a host that does not know of it', (openDatabase) => {
  let database: Database;
  let strays: StrayWork;
  let id: string;

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    [id = ''] = await storeJobs(database, 1, 1);
    await database('jobs').update({ owner: OWNER, token: 3, phase: null, state: 'processing' });
    strays = new StrayWork(database, table);
  });
  afterEach(() => database.destroy());

  const released = async (held = new Map<string, number>(), afterMs = 0) =>
    (await strays.release(OWNER, held, NOW + afterMs)).map((stray) => stray.id);

  it('is claimable again when it is seen again after a while: a claim may be under way', async () => {
    const none = new Map<string, number>();
    expect(await released()).toEqual([]);
    expect(await released(new Map([[id, 3]]), 1_000)).toEqual([]);
    expect(await released(none, 2_000)).toEqual([]);
    expect(await released(none, 13_999)).toEqual([]);
    expect(await released(none, 14_000)).toEqual([id]);
    expect(await database('jobs').first()).toMatchObject({
      owner: null,
      token: null,
      phase: 0,
      state: 'retrying',
    });
  });

  it('is claimable again at the first look when its claim is known to be lost', async () => {
    expect(strays.areExpected).toBe(false);
    strays.claimLost(2);
    expect(strays.areExpected).toBe(true);
    expect(await released()).toEqual([]);
    let later: string[] = [];
    await strays.lookForTheLast(async () => {
      later = await released(new Map([[id, 3]]));
      strays.claimLost(3);
    });
    expect(later).toEqual([]);
    expect(strays.areExpected).toBe(true);
    expect(await released(new Map([[id, 3]]))).toEqual([]);
    expect(await released()).toEqual([id]);
    await strays.lookForTheLast(async () => {});
    expect(strays.areExpected).toBe(false);
  });
});
