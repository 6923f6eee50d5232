import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LargeContent, ManualClock, type Database } from 'glue-core';
import { EventLog } from '../src/store/event-log.js';
import { loadEvents } from '../src/store/load-events.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';
import { newEvent } from './support/new-event.js';

describeEachDatabase('the reading of stored events', (make) => {
  let made: TestDatabase;
  let database: Database;
  let log: EventLog;

  beforeEach(async () => {
    made = await make();
    ({ database } = made);
    const clock = new ManualClock();
    log = new EventLog({ database, clock, now: () => clock.now(), stored: () => {} });
  });
  afterEach(() => made.remove());

  it('leaves out the body of one that is larger than was asked for, and tells its size', async () => {
    const empty = newEvent({ body: Buffer.alloc(0) });
    const small = newEvent({ body: Buffer.alloc(1_000, 0) });
    const large = newEvent({ body: Buffer.alloc(1_001, 255) });
    for (const event of [empty, small, large]) await log.append(event);
    const ids = [empty, small, large].map(({ id }) => id);
    const some = await loadEvents(database, ids, 1_000);
    expect(some.get(empty.id)).toMatchObject({ body: Buffer.alloc(0) });
    expect(some.get(small.id)).toMatchObject({ id: small.id, body: small.body, headers: small.headers });
    expect(some.get(large.id)).toEqual(new LargeContent(1_001));
    const all = await loadEvents(database, ids);
    expect(all.get(large.id)).toMatchObject({ body: large.body });
  });
});
