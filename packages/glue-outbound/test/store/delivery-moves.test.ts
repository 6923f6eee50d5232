import { afterEach, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { movesOf, type Json, type Move, type NewDelivery, type WorkState } from 'glue-core';
import { openFixture, type Fixture } from '../support/outbound-fixture.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

onEachDatabase('what operators do with deliveries', (openDatabase) => {
  let fixture: Fixture;
  let sink: Sink;
  let lane: number;
  beforeEach(async () => {
    sink = await openSink();
    fixture = await openFixture(await openDatabase(), { allowHosts: [`127.0.0.1:${sink.port}`] });
    lane = await fixture.addEndpoint('out', { baseUrl: sink.url, retryPolicy: { delays: [60], jitter: 0 } });
  });
  afterEach(async () => {
    await fixture.close();
    await sink.close();
  });

  const endpoint = () => fixture.instance().outboundEndpoint();
  const queue = async (delivery: NewDelivery) => (await (await endpoint()).queueDelivery(delivery)).id;
  const move = (id: string, name: Move) => fixture.outbound.moves.move(id, name, { actor: 'Ann' });
  const run = (ms = 0) => fixture.wakeAfter(ms, lane);
  const stateOf = async (id: string) => (await fixture.outbound.deliveries.get(id)).state;
  const bodies = () => sink.received.map(({ body }) => JSON.parse(body) as Json);

  it('sends a draft once it is queued, and not before', async () => {
    const id = await queue({ payload: 'a draft', draft: true });
    await run();
    expect([await stateOf(id), sink.received]).toEqual(['draft', []]);
    expect(await move(id, 'queue')).toMatchObject({ from: 'draft' });
    await run();
    expect([await stateOf(id), bodies()]).toEqual(['done', ['a draft']]);
    await expect(move(id, 'queue')).rejects.toMatchObject({ code: 'GLUE_WORK_STATE' });
  });

  it('sends a draft that code queues, alone or in a transaction that commits', async () => {
    const [kept, sent] = [await queue({ payload: 1, draft: true }), await queue({ payload: 2, draft: true })];
    const handle = await endpoint();
    const failing = fixture.database.transaction(async (transaction) => {
      await handle.queueDraft(kept, { transaction });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    await fixture.database.transaction((transaction) => handle.queueDraft(sent, { transaction }));
    await run();
    expect([await stateOf(kept), await stateOf(sent)]).toEqual(['draft', 'done']);
    await handle.queueDraft(kept);
    await run();
    expect(bodies()).toEqual([2, 1]);
    await expect(handle.queueDraft(kept)).rejects.toMatchObject({
      code: 'GLUE_WORK_STATE',
      message: `delivery ${kept} is done; only a draft can be queued`,
    });
  });

  it('queues no draft of another endpoint', async () => {
    const id = await queue({ draft: true });
    await fixture.addEndpoint('other');
    const other = await fixture.instance().outboundEndpoint({ codeSuffix: 'other' });
    await expect(other.queueDraft(id)).rejects.toMatchObject({ code: 'GLUE_DELIVERY_NOT_FOUND' });
  });

  it('gives a draft the place of now among those of its ordering key; until then nobody waits for it', async () => {
    const draft = await queue({ payload: 'draft', orderingKey: 'k', draft: true });
    await queue({ payload: 'first', orderingKey: 'k' });
    await run();
    expect(bodies()).toEqual(['first']);
    sink.answer = (response) => response.writeHead(503).end();
    await queue({ payload: 'second', orderingKey: 'k' });
    await run();
    await move(draft, 'queue');
    await queue({ payload: 'third', orderingKey: 'k' });
    sink.answer = (response) => response.end('ok');
    await run(60_000);
    expect(bodies()).toEqual(['first', 'second', 'second', 'draft', 'third']);
  });

  it('sends what is for later at its time, and lets later ones of its ordering key wait for it', async () => {
    const at = fixture.clock.now() + 60_000;
    await queue({ payload: 'at', orderingKey: 'k', sendAt: at });
    await queue({ payload: 'behind', orderingKey: 'k' });
    await queue({ payload: 'past', sendAt: 5 });
    await run();
    expect(bodies()).toEqual(['past']);
    expect(fixture.wakes).toContainEqual({ lane, at });
    await run(60_000);
    expect(bodies()).toEqual(['past', 'at', 'behind']);
  });

  it('keeps the time of a draft that is queued before it', async () => {
    const id = await queue({ payload: 1, draft: true, sendAt: fixture.clock.now() + 60_000 });
    await move(id, 'queue');
    await run();
    expect([await stateOf(id), sink.received]).toEqual(['queued', []]);
    await run(60_000);
    expect(await stateOf(id)).toBe('done');
  });

  it('replays from what was queued, as a new delivery with the key of the original in its context', async () => {
    const original = await queue({
      payload: { n: 1 },
      context: { operation: 'refund' },
      headers: { 'x-own': '1' },
      idempotencyKey: 'k',
      orderingKey: 'o',
    });
    await run();
    const { replayId = '' } = await move(original, 'replay');
    expect(await fixture.outbound.deliveries.get(replayId)).toMatchObject({
      ...{ originalId: original, payload: { n: 1 }, orderingKey: 'o', backend: fixture.backend },
      ...{ context: { operation: 'refund', idempotency_key: 'k' }, headers: { 'x-own': '1' } },
    });
    await run();
    expect(bodies()).toEqual([{ n: 1 }, { n: 1 }]);
    // The key goes on meaning the original.
    expect(
      await queue({
        payload: { n: 1 },
        context: { operation: 'refund' },
        headers: { 'x-own': '1' },
        idempotencyKey: 'k',
      }),
    ).toBe(original);
    const { replayId: again } = await move(replayId, 'replay');
    expect(await fixture.outbound.deliveries.get(again ?? '')).toMatchObject({ originalId: replayId });
  });

  it('cancels what is held, and counts it as held', async () => {
    const { code } = await endpoint();
    await fixture.outbound.endpoints.setState(code, 'paused', 'Ann');
    await fixture.changeFeed.look();
    const id = await queue({ payload: 1 });
    const draft = await queue({ payload: 2, draft: true });
    const held = async () =>
      (await fixture.outbound.deliveries.list({ state: 'held' })).deliveries.map((each) => each.id);
    expect(await held()).toEqual([id]);
    const heldReason = `endpoint "${code}" is paused`;
    expect(await fixture.outbound.deliveries.get(id)).toMatchObject({ state: 'held', heldReason });
    expect((await fixture.outbound.deliveries.list({ state: 'held' })).deliveries).toMatchObject([
      { heldReason },
    ]);
    expect(await fixture.outbound.deliveries.get(draft)).not.toHaveProperty('heldReason');
    expect((await fixture.outbound.deliveries.list({ state: 'queued' })).deliveries).toEqual([]);
    expect((await fixture.outbound.deliveries.list({ state: 'draft' })).deliveries).toMatchObject([
      { id: draft },
    ]);
    expect(await fixture.outbound.deliveries.countByState(lane)).toEqual({ held: 1, draft: 1 });
    expect(await fixture.outbound.bulkMoves.count('cancel', { state: 'held' })).toBe(1);
    await move(id, 'cancel');
    expect([await stateOf(id), await held()]).toEqual(['canceled', []]);
    expect(await fixture.outbound.deliveries.countByState()).toEqual({ canceled: 1, draft: 1 });
  });

  it('moves every delivery that a filter finds, counted first', async () => {
    for (const payload of [1, 2, 3]) await queue({ payload, draft: true });
    await queue({ payload: 4, draft: true, idempotencyKey: 'k' });
    expect(await fixture.outbound.bulkMoves.count('queue', { endpointId: lane })).toBe(4);
    expect(await fixture.outbound.bulkMoves.count('queue', { idempotencyKey: 'k' })).toBe(1);
    expect(await fixture.outbound.bulkMoves.count('queue', { idempotencyKey: 'K' })).toBe(0);
    const { id } = await fixture.outbound.bulkMoves.start('queue', { endpointId: lane }, { actor: 'Ann' });
    for (let looked = 0; looked < 200; looked += 1) {
      if ((await fixture.outbound.bulkMoves.get(id)).state === 'done') break;
      fixture.clock.advance(20);
    }
    expect(await fixture.outbound.bulkMoves.get(id)).toMatchObject({ state: 'done', moved: 4, skipped: 0 });
    await run();
    expect(bodies()).toEqual([1, 2, 3, 4]);
  });

  it('never leaves the states that the spec names, whatever is done in whatever order', async () => {
    // Started for each attempt only, so that nothing happens in between.
    await fixture.outbound.queue.stop(0);
    const FINISHED: readonly WorkState[] = ['done', 'dead_letter', 'canceled'];
    const commands = fc.array(
      fc.oneof(
        fc.constantFrom<Move[]>('retry', 'dead-letter', 'cancel', 'queue', 'replay'),
        fc.constantFrom<number[]>(200, 400, 503),
      ),
      { maxLength: 8 },
    );
    await fc.assert(
      fc.asyncProperty(fc.boolean(), commands, async (draft, steps) => {
        const id = await queue({ payload: 1, draft });
        // By the spec: what each step makes of each state.
        let model: WorkState = draft ? 'draft' : 'queued';
        let tries = 0;
        for (const step of steps) {
          if (typeof step === 'number') {
            sink.answer = (response) => response.writeHead(step).end();
            await fixture.outbound.queue.start();
            await run(120_000);
            await fixture.outbound.queue.stop(0);
            if (model === 'queued' || model === 'retrying') {
              tries += 1;
              // One retry by the policy, then given up.
              if (step === 200) model = 'done';
              else model = step === 400 || tries > 1 ? 'dead_letter' : 'retrying';
            }
          } else if (movesOf(model).includes(step)) {
            const { replayId } = await move(id, step);
            if (replayId !== undefined) await move(replayId, 'cancel');
            if (step === 'cancel') model = 'canceled';
            if (step === 'dead-letter') model = 'dead_letter';
            if (step === 'queue') model = 'queued';
            if (step === 'retry') [model, tries] = ['retrying', 0];
          } else {
            await expect(move(id, step)).rejects.toMatchObject({ code: 'GLUE_WORK_STATE' });
          }
          const { state, finishedAt } = await fixture.outbound.deliveries.get(id);
          expect([state, finishedAt !== undefined]).toEqual([model, FINISHED.includes(model)]);
        }
        if (!FINISHED.includes(model)) await move(id, 'cancel');
      }),
      { numRuns: 25 },
    );
  });
});
