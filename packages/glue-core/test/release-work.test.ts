import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { Database } from '../src/database/database.js';
import { releaseOrphans } from '../src/work/release-work.js';
import { describeEachDatabase, describeMysql } from './support/databases.js';
import { makeJobTables, storeJobs, table } from './support/work-fixture.js';

const NOW = 1_000_000;
const DEAD = 4_711;

describeMysql('taking over from hosts without a lease', (openDatabase) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
  });
  afterEach(() => database.destroy());

  const startHost = async (): Promise<number> => {
    const row = { name: 'x', pid: 1, started_at: 0, lease_until: NOW + 1 };
    const [incarnation] = await database('glue_hosts').insert(row);
    return Number(incarnation);
  };
  const claim = (id: string, owner: number) =>
    database('jobs').where({ id }).update({ owner, token: 1, phase: null, state: 'processing' });
  const ownerOf = async (id: string): Promise<unknown> =>
    (await database('jobs').where({ id }).first()).owner;

  it('takes nothing from a host that starts and claims meanwhile', async () => {
    const [ofDead, ofLiving, fresh] = await storeJobs(database, 1, 3);
    if (ofDead === undefined || ofLiving === undefined || fresh === undefined) throw new Error('no jobs');
    await claim(ofDead, DEAD);
    await claim(ofLiving, await startHost());
    // A takeover that looks at living rows too would wait for this one.
    const writing = await database.transaction();
    await writing('jobs').where({ id: ofLiving }).update({ note: 'x' });
    const releasing = releaseOrphans(database, table, NOW);
    await new Promise((resolve) => setTimeout(resolve, 300));
    const started = await startHost();
    await claim(fresh, started);
    await writing.commit();
    expect(await releasing).toBe(1);
    expect(await ownerOf(ofDead)).toBeNull();
    expect(await ownerOf(fresh)).toBe(started);
  });
});

describeMysql('taking over from a host whose transaction the server still holds', (openDatabase) => {
  it('takes what is not locked at once, and the rest when the server has ended the transaction', async () => {
    const database = await openDatabase();
    try {
      await makeJobTables(database);
      const ids = await storeJobs(database, 1, 1_200, {
        owner: DEAD,
        token: 1,
        phase: null,
        state: 'processing',
      });
      const hanging = await database.transaction();
      await hanging('jobs').where({ id: ids[7] }).update({ note: 'settling' });
      expect(await releaseOrphans(database, table, NOW)).toBe(1_199);
      expect(await releaseOrphans(database, table, NOW)).toBe(0);
      await hanging.rollback();
      expect(await releaseOrphans(database, table, NOW)).toBe(1);
    } finally {
      await database.destroy();
    }
  });
});

describeEachDatabase('taking over what was lost with its hosts again and again', (openDatabase) => {
  it('tries each apart from the others, and what was lost seldom at once and in its place', async () => {
    const database = await openDatabase();
    try {
      await makeJobTables(database);
      const lost = { owner: 77, token: 1, phase: null, state: 'processing', due_at: 500 };
      await storeJobs(database, 1, 5, { ...lost, takeovers: 1 });
      await storeJobs(database, 1, 20, { ...lost, takeovers: 2 });
      expect(await releaseOrphans(database, table, NOW)).toBe(25);
      const dueAt = async (takeovers: number) =>
        (await database('jobs').where({ takeovers, phase: 0 }).pluck('due_at')).map(Number);
      expect(await dueAt(2)).toEqual([500, 500, 500, 500, 500]);
      const apart = await dueAt(3);
      expect(new Set(apart).size).toBeGreaterThan(15);
      expect(Math.min(...apart)).toBeGreaterThanOrEqual(NOW);
      expect(Math.max(...apart)).toBeLessThan(NOW + 8_000);
    } finally {
      await database.destroy();
    }
  });
});
