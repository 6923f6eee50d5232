import { afterEach, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Database } from '../src/database/database.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { idAfter, newId } from '../src/naming/new-id.js';
import { done } from '../src/outcome/outcome.js';
import { inOrderOfArrival } from '../src/work/arrival-order.js';
import { claimWork } from '../src/work/claim-work.js';
import { addTurns } from '../src/work/work-table.js';
import { describeEachDatabase } from './support/databases.js';
import type { JobRow } from './support/job-work.js';
import { makeJobTables, startHost, storeJobs, table, type TestHost } from './support/work-fixture.js';

const NOW = 10_000;
const keyed = (key: string) => ({ ordering_key: key, open_key: key });
const turn = () => new Promise((resolve) => setImmediate(resolve));

describeEachDatabase('items of one ordering key', (openDatabase) => {
  let databases: Database[];
  let database: Database;
  let other: Database;
  let hosts: TestHost[];

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    other = await openDatabase();
    databases = [database, other];
    hosts = [];
  });
  afterEach(async () => {
    for (const host of hosts) await host.stop();
    for (const each of databases) await each.destroy();
  });

  const claim = (owner: number, limit = 10, from = database) =>
    claimWork(from, table, { lane: 1, phase: 0, nowMs: NOW, limit, owner, token: 1 });
  const storeJob = (id: string, key: string) =>
    database('jobs').insert({ id, endpoint_id: 1, state: 'queued', phase: 0, due_at: 0, ...keyed(key) });

  it('are not under way together where the earlier one is committed after the later one was claimed', async () => {
    const [early, late] = [newId(1_000), newId(2_000)];
    await storeJob(late, 'k');
    expect(await claim(1)).toMatchObject([{ id: late }]);
    await storeJob(early, 'k');
    const [free = ''] = await storeJobs(database, 1, 1, { due_at: 5 });
    expect((await claim(2)).map(({ id }) => id)).toEqual([free]);
    await database('jobs').where({ id: late }).update({ owner: null, open_key: null });
    expect(await claim(2)).toMatchObject([{ id: early }]);
  });

  it('are kept apart by the database itself, also where one is claimed behind our back', async () => {
    const [first = '', second = ''] = await storeJobs(database, 1, 2, keyed('k'));
    const [elsewhere = ''] = await storeJobs(database, 2, 1, keyed('k'));
    const own = (id: string) => database('jobs').where({ id }).update({ owner: 1, token: 1 });
    await own(first);
    await own(elsewhere);
    await expect(Promise.resolve(own(second))).rejects.toThrow(/unique|duplicate/i);
  });

  it('that ran beside each other before the database saw to it end by themselves', async () => {
    const [first = '', second = '', third = ''] = await storeJobs(database, 1, 3, keyed('k'));
    await database.schema.alterTable('jobs', (jobs) => jobs.dropIndex([], 'jobs_turn'));
    await database.raw('ALTER TABLE jobs DROP COLUMN turn');
    await database('jobs').whereIn('id', [first, second]).update({ owner: 1, token: 1, phase: null });
    await inTransaction(database, (trx) => addTurns(trx, table));
    const rows = await database<JobRow>('jobs').orderBy('id').select('id', 'open_key');
    expect(rows).toMatchObject([
      { id: first, open_key: 'k' },
      { id: second, open_key: null },
      { id: third, open_key: 'k' },
    ]);
  });

  it('run one at a time on two hosts, whatever is committed when', async () => {
    const KEYS = 40;
    const EACH = 6;
    const running = new Set<string>();
    const overlaps: string[] = [];
    const ran: string[] = [];
    const keyOf = new Map<string, string>();
    for (const [index, name] of ['one', 'two'].entries()) {
      const host = await startHost(databases[index] ?? database, {
        name,
        attempt: async ({ id }) => {
          const key = keyOf.get(id) ?? '';
          if (running.has(key)) overlaps.push(key);
          running.add(key);
          for (let turns = 0; turns < 5; turns += 1) await turn();
          running.delete(key);
          ran.push(id);
          return { result: done() };
        },
      });
      hosts.push(host);
    }
    // The later an item is stored, the earlier is its id: always the worst case.
    for (let round = EACH; round > 0; round -= 1) {
      const ids = Array.from({ length: KEYS }, (_, key) => [newId(round * 1_000), `k${key}`] as const);
      for (const [id, key] of ids) keyOf.set(id, key);
      await Promise.all(ids.map(([id, key]) => storeJob(id, key)));
      for (const { queue } of hosts) queue.wake(1);
    }
    while (ran.length < KEYS * EACH) {
      for (const { queue } of hosts) queue.wake(1);
      await Promise.all(hosts.map(({ queue }) => queue.idle()));
    }
    expect(overlaps).toEqual([]);
    expect(new Set(ran).size).toBe(KEYS * EACH);
  });

  it('stored one after the other are in that order, whatever the clocks of the hosts say', async () => {
    const clocks = [600_000, 0, -600_000].map((shift) => () => NOW + 1_000_000 + shift);
    const stored: string[] = [];
    for (let n = 0; n < 12; n += 1) {
      const now = clocks[n % clocks.length] ?? Date.now;
      await inTransaction(n % 2 === 0 ? database : other, async (trx) => {
        const arriving = ['k', undefined, 'k'].map((key) => ({ id: newId(now()), lane: 1, key }));
        const items = await inOrderOfArrival(trx, table, arriving);
        await trx('jobs').insert(
          items.map(({ id, key }) => ({
            ...{ id, endpoint_id: 1, state: 'queued', phase: 0, due_at: 0 },
            ...(key !== undefined && keyed(key)),
          })),
        );
        stored.push(...items.flatMap(({ id, key }) => (key === undefined ? [] : [id])));
      });
    }
    expect(stored).toEqual([...stored].sort());
    expect(new Set(stored).size).toBe(24);
  });

  it('come behind one that is under way, which may have to be tried again', async () => {
    const [early, late] = [newId(1_000), newId(2_000)];
    await storeJob(late, 'k');
    await claim(1);
    await inTransaction(database, async (trx) => {
      const [arriving] = await inOrderOfArrival(trx, table, [{ id: early, lane: 1, key: 'k' }]);
      expect((arriving?.id ?? '') > late).toBe(true);
    });
  });

  it('that are alone keep the id that they came with', async () => {
    const arriving = [
      { id: newId(5), lane: 1, key: 'a' },
      { id: newId(4), lane: 1, key: 'b' },
      { id: newId(3), lane: 2, key: 'a' },
    ];
    await inTransaction(database, async (trx) =>
      expect(await inOrderOfArrival(trx, table, arriving)).toEqual(arriving),
    );
  });
});

it('an id after another one comes after it, and not by more than a millisecond', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 47 }), (at) => {
      const [id, next] = [newId(at), idAfter(newId(at))];
      return next > id && next < newId(at + 2);
    }),
  );
});
