import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock, silentLogger } from 'glue-core';
import { EndpointCounts } from '../src/store/endpoint-counts.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';

describeEachDatabase('the counts of endpoints', (make) => {
  let made: TestDatabase;
  let clock: ManualClock;
  beforeEach(async () => {
    made = await make();
    clock = new ManualClock();
  });
  afterEach(() => made.remove());

  const host = () => new EndpointCounts({ database: made.database, clock, logger: silentLogger });

  it('are added up over seconds and hosts, and written once a second', async () => {
    const [one, two] = [host(), host()];
    one.add(7, 'accepted');
    one.add(7, 'accepted');
    one.add(8, 'rejected');
    two.add(7, 'rejected');
    expect(await one.list()).toEqual(new Map());
    clock.advance(1_000);
    await Promise.all([one.flush(), two.flush()]);
    one.add(7, 'accepted');
    clock.advance(999);
    await one.list();
    clock.advance(1);
    await one.flush();
    expect(await two.list()).toEqual(
      new Map([
        [7, { accepted: 3, rejected: 1 }],
        [8, { accepted: 0, rejected: 1 }],
      ]),
    );
  });

  it('come from many hosts at once without waiting for each other', async () => {
    const hosts = Array.from({ length: 8 }, host);
    for (let round = 0; round < 5; round += 1) {
      for (const each of hosts) for (const id of [3, 1, 2]) each.add(id, 'accepted');
      await Promise.all(hosts.map((each) => each.flush()));
    }
    expect([...(await host().list()).values()]).toEqual(Array(3).fill({ accepted: 40, rejected: 0 }));
  });

  it('are kept while the table is away', async () => {
    const counts = host();
    await made.database.schema.renameTable('glue_inbound_counts', 'away');
    counts.add(7, 'accepted');
    await counts.flush();
    counts.add(7, 'accepted');
    await made.database.schema.renameTable('away', 'glue_inbound_counts');
    await counts.flush();
    expect(await counts.list()).toEqual(new Map([[7, { accepted: 2, rejected: 0 }]]));
  });

  it('cost nothing while nobody calls', async () => {
    const statements: string[] = [];
    made.database.on('query', ({ sql }: { sql: string }) => statements.push(sql));
    const counts = host();
    clock.advance(60_000);
    await counts.flush();
    expect(statements).toEqual([]);
  });
});
