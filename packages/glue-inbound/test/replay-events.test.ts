import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { inTransaction, ManualClock, PHASE, type Database } from 'glue-core';
import { EventLog } from '../src/store/event-log.js';
import { EventQueries } from '../src/store/event-queries.js';
import type { NewEvent } from '../src/store/new-event.js';
import { replayEvents } from '../src/store/replay-events.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';
import { newEvent } from './support/new-event.js';

const NOW = 77_000;

describeEachDatabase('the replay of events', (make) => {
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

  const replay = (...ids: readonly string[]) =>
    inTransaction(database, (trx) =>
      replayEvents(trx, ids, { nowMs: NOW, phase: PHASE.first }, ({ handler }) => handler && `${handler}2`),
    );
  const replayIds = async (...ids: readonly string[]) =>
    [...(await replay(...ids)).values()].filter((id) => typeof id === 'string');
  const finished = async (changes: Partial<NewEvent> = {}) => {
    const event = newEvent(changes);
    await log.append(event);
    await database('glue_events').where({ id: event.id }).update({ state: 'done', phase: null });
    return event;
  };

  it('stores the same bytes, headers, semantics, backend and key anew, with the handler of now', async () => {
    const original = await finished({
      handler: 'shop:x',
      backend: { type: 'shop', id: 3 },
      orderingKey: 'o',
      replayKey: 'r',
    });
    const [id = ''] = await replayIds(original.id);
    const { payload, ...event } = await new EventQueries(database).get(id);
    expect(event).toMatchObject({
      ...{ id, state: 'received', kind: 'replay', primaryId: original.id, type: 'order.paid' },
      ...{ handler: 'shop:x2', backend: 'shop,3', attempts: 0, receivedAt: NOW, dueAt: NOW },
      ...{ deliveryKeySource: 'replay', duplicates: 0, log: [] },
    });
    expect(payload.body).toEqual(original.body);
    expect(payload).toMatchObject({ headers: original.headers, semantics: original.semantics });
    expect(await database('glue_events').where({ id }).first()).toMatchObject({
      ...{ ordering_key: 'o', open_key: 'o', phase: 0, failures: 0 },
    });
  });

  it('leaves what is replayed as it is, and takes nothing from its identity', async () => {
    const original = await finished({ deliveryKey: 'd', replayKey: 'r' });
    await replay(original.id);
    await replay(original.id);
    const before = await database('glue_events').where({ id: original.id }).first();
    expect(before).toMatchObject({ state: 'done', delivery_key: 'd', replay_key: 'r', duplicates: 0 });
    expect(await log.append(newEvent({ deliveryKey: 'd' }))).toEqual({
      ...{ eventId: original.id, duplicate: true },
    });
    const later = newEvent({ replayKey: 'r' });
    await log.append(later);
    expect(await database('glue_events').where({ id: later.id }).first()).toMatchObject({
      primary_id: original.id,
    });
    expect(await database('glue_events')).toHaveLength(4);
  });

  it('replays many at once, and a replay again, each linked to what it repeats', async () => {
    const originals = [await finished(), await finished({ body: Buffer.from('two') })];
    const first = await replay(...originals.map(({ id }) => id));
    expect([...first.keys()].sort()).toEqual(originals.map(({ id }) => id).sort());
    const [second] = first.values();
    const [third = ''] = await replayIds(String(second));
    const rows = await new EventQueries(database).get(third);
    expect(rows).toMatchObject({ kind: 'replay', primaryId: second });
    expect(rows.payload.body).toEqual(
      originals.find(({ id }) => first.get(id) === second)?.body ?? 'nothing',
    );
  });

  it('says which event cannot be read, without its content, and replays the others', async () => {
    const [broken, sound] = [await finished(), await finished()];
    await database('glue_event_payloads')
      .where({ event_id: broken.id })
      .update({ semantics: '{"card":"4242' });
    const replayed = await replay(broken.id, sound.id);
    expect(replayed.get(sound.id)).toEqual(expect.any(String));
    expect(replayed.get(broken.id)).toMatchObject({
      code: 'GLUE_CONTENT_UNREADABLE',
      message: `event ${broken.id} cannot be read: what is stored as its semantics is no JSON`,
    });
    expect((await replay(broken.id)).size).toBe(1);
    expect(await database('glue_events')).toHaveLength(3);
  });

  it('leaves out an event whose payload is gone', async () => {
    const [gone, there] = [await finished(), await finished()];
    await database('glue_event_payloads').where({ event_id: gone.id }).delete();
    expect([...(await replay(gone.id, there.id)).keys()]).toEqual([there.id]);
    expect(await replay(gone.id)).toEqual(new Map());
  });
});
