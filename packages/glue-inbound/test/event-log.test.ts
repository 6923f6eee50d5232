import { afterEach, beforeEach, expect, it } from '@jest/globals';
import {
  dialectOf,
  GlueError,
  ManualClock,
  maxPacketBytes,
  newId,
  openDatabase,
  PHASE,
  type Database,
} from 'glue-core';
import { EventLog } from '../src/store/event-log.js';
import { EventQueries } from '../src/store/event-queries.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';
import { newEvent } from './support/new-event.js';

const clock = new ManualClock();

describeEachDatabase('the event log', (make) => {
  let made: TestDatabase;
  let database: Database;
  let poked: number[];

  beforeEach(async () => {
    made = await make();
    ({ database } = made);
    poked = [];
  });
  afterEach(() => made.remove());

  const logOf = (options: { maxWaiting?: number; database?: Database } = {}) =>
    new EventLog({ database, clock, now: () => clock.now(), stored: (id) => poked.push(id), ...options });
  const rows = () => database('glue_events').orderBy('id');

  it('stores bytes as received, and pokes the endpoint after the commit', async () => {
    const event = newEvent({ handler: 'shop:x', backend: { type: 'shop', id: 3 }, orderingKey: 'o' });
    expect(await logOf().append(event)).toEqual({ eventId: event.id, duplicate: false });
    expect(poked).toEqual([1]);
    const stored = await new EventQueries(database).get(event.id);
    expect(stored).toMatchObject({
      state: 'received',
      type: 'order.paid',
      kind: 'primary',
      backend: 'shop,3',
    });
    expect(stored.payload).toEqual({
      id: event.id,
      endpointId: 1,
      kind: 'primary',
      semantics: event.semantics,
      headers: event.headers,
      body: event.body,
      receivedAt: clock.now(),
      handler: 'shop:x',
      backend: { type: 'shop', id: 3 },
    });
  });

  it('makes one event of fifty copies that come at once, and tells all the same id', async () => {
    const copies = Array.from({ length: 50 }, () => newEvent({ deliveryKey: 'same' }));
    const [one, other] = [logOf(), logOf()];
    const receipts = await Promise.all(copies.map((copy, index) => (index % 2 ? one : other).append(copy)));
    expect(new Set(receipts.map(({ eventId }) => eventId)).size).toBe(1);
    expect(receipts.filter(({ duplicate }) => !duplicate)).toHaveLength(1);
    expect(await rows()).toMatchObject([{ id: receipts[0]?.eventId, duplicates: 49 }]);
    expect(await database('glue_event_payloads')).toHaveLength(1);
  });

  it('events of an ordering key follow each other as they were answered, whatever clock their ids are from', async () => {
    const logs = [logOf(), logOf()];
    const answered: string[] = [];
    for (const [index, at] of [900_000, 0, 500_000, 500_000, 0].entries()) {
      const event = newEvent({ id: newId(at), orderingKey: 'o' });
      answered.push((await logs[index % 2]?.append(event))?.eventId ?? '');
    }
    expect((await rows()).map(({ id }) => id)).toEqual(answered);
  });

  it('a duplicate has the first of an ordering key tried again, but not beside a later one that is under way', async () => {
    const log = logOf();
    const [first, later] = [newEvent({ orderingKey: 'o' }), newEvent({ orderingKey: 'o' })];
    await log.append(first);
    await log.append(later);
    const event = (id: string) => database('glue_events').where({ id });
    const dead = { state: 'dead_letter', phase: null, open_key: null, attempts: 1 };
    await event(first.id).update(dead);
    await event(later.id).update({ state: 'processing', phase: null, owner: 1, token: 1 });
    await log.append({ ...first, id: newId() });
    expect((await rows())[0]).toMatchObject({ state: 'retrying', phase: PHASE.blocked, open_key: 'o' });
    await event(first.id).update(dead);
    await event(later.id).update({ state: 'retrying', phase: 1, owner: null, token: null });
    await log.append({ ...first, id: newId() });
    expect((await rows())[0]).toMatchObject({ state: 'retrying', phase: PHASE.first, open_key: 'o' });
  });

  it('stores the new ones of a group that holds duplicates too', async () => {
    const log = logOf();
    const first = await log.append(newEvent({ deliveryKey: 'known' }));
    const group = [
      newEvent(),
      newEvent({ deliveryKey: 'known' }),
      newEvent(),
      newEvent({ endpointId: 2, deliveryKey: 'known' }),
    ];
    const receipts = await Promise.all(group.map((event) => log.append(event)));
    expect(receipts.map(({ duplicate }) => duplicate)).toEqual([false, true, false, false]);
    expect(receipts[1]?.eventId).toBe(first.eventId);
    expect(await rows()).toHaveLength(4);
  });

  it('tells keys apart that differ in case only', async () => {
    const log = logOf();
    await log.append(newEvent({ deliveryKey: 'Key' }));
    expect(await log.append(newEvent({ deliveryKey: 'key' }))).toMatchObject({ duplicate: false });
  });

  it('refuses a bad event alone', async () => {
    const log = logOf();
    const bad = newEvent({ deliveryKey: 'x'.repeat(200), endpointId: null as unknown as number });
    const results = await Promise.allSettled([
      log.append(newEvent()),
      log.append(bad),
      log.append(newEvent()),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: { code: 'GLUE_STORE_UNAVAILABLE' } });
    expect(await rows()).toHaveLength(2);
  });

  it('refuses an event that is larger than the database takes alone, and says so', async () => {
    const most = await maxPacketBytes(database);
    if (most === undefined) return; // SQLite takes all that an endpoint takes.
    const log = logOf();
    const large = newEvent({ body: Buffer.alloc(most, 7) });
    const events = [...Array.from({ length: 20 }, () => newEvent()), large, newEvent()];
    const results = await Promise.allSettled(events.map((event) => log.append(event)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(21);
    expect(results[20]).toMatchObject({ reason: { code: 'GLUE_DATABASE_PACKET_TOO_LARGE' } });
    expect(await rows()).toHaveLength(21);
    expect(await log.append(newEvent())).toMatchObject({ duplicate: false });
  });

  it('keeps only the event waiting whose key another transaction holds, and it not for long', async () => {
    if (dialectOf(database) === 'sqlite') return; // It locks no single rows.
    const log = logOf();
    const held = newEvent();
    await log.append(held);
    const holder = await database.transaction();
    await holder('glue_events').where({ id: held.id }).update({ note: 'held' });
    const startedAt = performance.now();
    const secondsOf = (append: Promise<unknown>) =>
      append.then(
        () => ({ code: 'stored', seconds: (performance.now() - startedAt) / 1_000 }),
        ({ code }: GlueError) => ({ code, seconds: (performance.now() - startedAt) / 1_000 }),
      );
    const again = secondsOf(log.append(newEvent({ deliveryKey: held.deliveryKey })));
    const beside = [1, 2, 3].map(() => secondsOf(log.append(newEvent())));
    await new Promise((done) => setTimeout(done, 2_500)); // The lock was waited for once.
    const laterAt = performance.now();
    await log.append(newEvent());
    expect(performance.now() - laterAt).toBeLessThan(1_000);
    const results = await Promise.all([again, ...beside]);
    await holder.rollback();
    expect(results.map(({ code }) => code)).toEqual(['GLUE_STORE_UNAVAILABLE', 'stored', 'stored', 'stored']);
    for (const { seconds } of results) expect(seconds).toBeLessThan(6);
  }, 15_000);

  it('links replays to the first event of their identity, whoever of them comes at once', async () => {
    const log = logOf();
    const events = Array.from({ length: 10 }, () => newEvent({ replayKey: 'evt_1' }));
    await Promise.all(events.map((event) => log.append(event)));
    await log.append(newEvent({ replayKey: 'evt_1', endpointId: 2 }));
    const stored = await rows().where({ endpoint_id: 1 });
    const primaries = stored.filter(({ kind }) => kind === 'primary');
    expect(primaries).toHaveLength(1);
    expect(stored.filter(({ primary_id }) => primary_id === primaries[0].id)).toHaveLength(9);
    expect(await rows().where({ endpoint_id: 2 })).toMatchObject([{ kind: 'primary' }]);
  });

  it.each([
    ['dead_letter', true, { state: 'retrying', phase: 0, finished_at: null, open_key: 'o' }],
    ['retrying', true, { state: 'retrying', phase: 0, finished_at: null, open_key: 'o' }],
    ['dead_letter', false, { state: 'dead_letter', phase: null }],
    ['done', true, { state: 'done', phase: null }],
    ['processing', true, { state: 'processing', phase: null }],
  ])('given a duplicate of an event that is %s, rearm %s', async (state, rearm, expected) => {
    const log = logOf();
    const { eventId } = await log.append(newEvent({ deliveryKey: 'again', orderingKey: 'o' }));
    const phase = state === 'retrying' ? 1 : null;
    await database('glue_events')
      .where({ id: eventId })
      .update({
        state,
        phase,
        due_at: clock.now() + 9e6,
        finished_at: state === 'done' ? 1 : 5,
        open_key: null,
      });
    clock.advance(1_000);
    await log.append(newEvent({ deliveryKey: 'again', rearm }));
    expect(await rows()).toMatchObject([{ ...expected, duplicates: 1, last_duplicate_at: clock.now() }]);
    if (expected.state === 'retrying') expect(await rows()).toMatchObject([{ due_at: clock.now() }]);
  });

  it('keeps large bodies that come together', async () => {
    const log = logOf();
    const events = Array.from({ length: 6 }, () => newEvent({ body: Buffer.alloc(1_000_000, 7) }));
    await Promise.all(events.map((event) => log.append(event)));
    const lengths = await database('glue_event_payloads').select(database.raw('LENGTH(body) AS length'));
    expect(lengths).toHaveLength(6);
    expect(new Set(lengths.map(({ length }) => length))).toEqual(new Set([1_000_000]));
  });

  it('refuses one more than may wait, at once', async () => {
    const log = logOf({ maxWaiting: 2 });
    const results = await Promise.allSettled([1, 2, 3].map(() => log.append(newEvent())));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(results[2]).toMatchObject({ reason: { code: 'GLUE_STORE_UNAVAILABLE', status: 503 } });
  });

  it('says that it could not store, not what, when the database fails', async () => {
    const gone = openDatabase({
      client: 'mysql',
      url: 'mysql://x@127.0.0.1:9/x',
      poolSize: 2,
      connectTimeoutMs: 200,
      answerTimeoutMs: 10_000,
      tls: false,
    });
    const error = await logOf({ database: gone })
      .append(newEvent({ deliveryKey: 'private' }))
      .catch((reason: unknown) => reason);
    await gone.destroy();
    expect(error).toBeInstanceOf(GlueError);
    expect(error).toMatchObject({ code: 'GLUE_STORE_UNAVAILABLE', retryable: true });
    expect((error as GlueError).message).not.toContain('private');
    expect(poked).toEqual([]);
  });
});
