import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from 'glue-core';
import { deleteOldFrom } from '../src/store/delete-old.js';
import { EventLog } from '../src/store/event-log.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';
import { newEvent } from './support/new-event.js';

describeEachDatabase('the retention of events', (make) => {
  let made: TestDatabase;
  beforeEach(async () => {
    made = await make();
  });
  afterEach(() => made.remove());

  it('deletes old finished events with payloads and attempts; then their delivery is a new one', async () => {
    const { database } = made;
    const clock = new ManualClock(1_000);
    const log = new EventLog({ database, clock, now: () => clock.now(), stored: () => {} });
    const [old, waiting] = [newEvent({ deliveryKey: 'd' }), newEvent()];
    await log.append(old);
    await log.append(waiting);
    await database('glue_events')
      .where({ id: old.id })
      .update({ state: 'done', phase: null, finished_at: 1_500 });
    await database('glue_event_attempts').insert({
      ...{ item_id: old.id, number: 1, started_at: 1, ended_at: 2, outcome: 'done' },
    });
    const deleting = { clock, signal: new AbortController().signal };
    const deleted = deleteOldFrom(database).events(2_000, deleting);
    for (let done = false; !done; clock.advance(100))
      done = await Promise.race([
        deleted.then(() => true),
        new Promise<false>((resolve) => setImmediate(resolve, false)),
      ]);
    expect(await deleted).toBe(1);
    expect(await database('glue_events')).toMatchObject([{ id: waiting.id }]);
    expect(await database('glue_event_payloads')).toMatchObject([{ event_id: waiting.id }]);
    expect(await database('glue_event_attempts')).toEqual([]);
    expect(await log.append(newEvent({ deliveryKey: 'd' }))).toMatchObject({ duplicate: false });
  });
});
