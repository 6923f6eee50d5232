import { afterEach, describe, expect, it } from '@jest/globals';
import {
  announceChange,
  ConnectorBackend,
  deadLetter,
  done,
  GlueError,
  OperatorMoves,
  retry,
  type OutboundPort,
} from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import type {
  InboundContext,
  InboundEvent,
  InboundHandler,
  InboundOutcome,
} from '../src/process/inbound-event.js';
import { createEventSource } from '../src/process/event-source.js';
import { makeSqlite } from './support/databases.js';
import { createEventWork } from '../src/store/event-work.js';
import {
  openConfig,
  post,
  shopSettings,
  startInbound,
  type Fixture,
  type FixtureOptions,
} from './support/inbound-fixture.js';

type Hook = (event: InboundEvent, context: InboundContext) => unknown;

/** A backend class whose hook does what a test says. */
function shopOf(hook: Hook) {
  return class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
    static readonly type = 'shop';
    static readonly settings = shopSettings;

    override handleInboundEvent(event: InboundEvent, context: InboundContext): Promise<InboundOutcome> {
      return Promise.resolve().then(() => hook(event, context) as InboundOutcome);
    }
  };
}

const handlerOf = (hook: Hook): InboundHandler => ({
  handleInboundEvent: (event, context) =>
    Promise.resolve().then(() => hook(event, context) as InboundOutcome),
});

const config = {
  ...openConfig,
  semantics: { event_type: [{ json: 'type' }], event_id: [{ json: 'id' }] },
  retryPolicy: { delays: ['5s', '5m'], jitter: 0 },
};

describe('processing', () => {
  let host: Fixture;
  afterEach(() => host.stop());

  /** Sends one event through a host and gives what became of it. */
  async function run({ hook, handler, ...options }: FixtureOptions & { hook?: Hook; handler?: string }) {
    host = await startInbound({ ...options, ...(hook && { classes: [shopOf(hook)] }) });
    const backend = hook ? await host.addBackend('shop') : undefined;
    await host.addEndpoint({
      path: 'shop',
      config,
      ...(backend && { backend }),
      ...(handler && { handler }),
    });
    return send('{"type":"order.paid","id":7}');
  }
  async function send(body: string) {
    const answer = await post(`${host.url}/webhooks/in/shop`, body, {
      'x-token': 'hidden',
      'x-shown': 'yes',
    });
    expect(answer.status).toBe(202);
    await host.inbound.queue.idle();
    return host.inbound.events.get((answer.body as { event_id: string }).event_id);
  }

  it('gives the event to the backend of the endpoint', async () => {
    let seen: InboundEvent | undefined;
    const event = await run({
      hook: (given) => {
        seen = given;
        return done('paid');
      },
    });
    expect(event).toMatchObject({
      state: 'done',
      note: 'paid',
      attempts: 1,
      log: [{ number: 1, outcome: 'done' }],
    });
    expect(seen).toMatchObject({
      id: event.id,
      type: 'order.paid',
      semantics: { event_type: 'order.paid', event_id: '7' },
      body: { type: 'order.paid', id: 7 },
      receivedAt: host.clock.now(),
      kind: 'primary',
      endpoint: { id: 1, code: 'shop' },
      backend: { type: 'shop', id: 1 },
    });
    expect(seen?.rawBody.toString()).toBe('{"type":"order.paid","id":7}');
    expect(seen?.headers['x-shown']).toEqual(['yes']);
    expect(seen?.headers).not.toHaveProperty('x-token');
  });

  it('tries again what throws, keeps the stack, and gives up by the policy', async () => {
    const event = await run({
      hook: () => {
        throw new TypeError('what a surprise');
      },
    });
    expect(event).toMatchObject({
      state: 'retrying',
      note: 'what a surprise',
      dueAt: host.clock.now() + 5_000,
      log: [{ outcome: 'failed', cause: 'handler' }],
    });
    expect(event.log[0]?.error).toMatch(/TypeError: what a surprise\n\s+at .*processing\.test/);
    for (const waitMs of [5_000, 300_000]) {
      host.clock.advance(waitMs);
      host.inbound.queue.poke(1);
      await host.inbound.queue.idle();
    }
    expect(await host.inbound.events.get(event.id)).toMatchObject({
      state: 'dead_letter',
      note: 'what a surprise; given up after 3 attempts',
      attempts: 3,
    });
  });

  it('tries the others of a batch where what is stored of one cannot be read, and that one again when it is mended', async () => {
    const first = await run({ hook: (_event, { attempt }) => (attempt === 1 ? retry() : done()) });
    const [broken, last] = [await send('{"id":2}'), await send('{"id":3}')];
    const payloadOf = () => host.database('glue_event_payloads').where({ event_id: broken.id });
    const { semantics } = await payloadOf().first();
    await payloadOf().update({ semantics: '{"secret": no JSON' });
    const after = async (waitMs: number) => {
      host.clock.advance(waitMs);
      host.inbound.queue.wake(1);
      await host.inbound.queue.idle();
    };
    await after(60_000);
    for (const { id } of [first, last])
      expect(await host.inbound.events.get(id)).toMatchObject({ state: 'done' });
    const views = await host.inbound.events.list();
    const view = views.find(({ id }) => id === broken.id);
    expect(view).toMatchObject({
      state: 'retrying',
      note: expect.stringContaining(`event ${broken.id} cannot be read: what is stored as its semantics`),
      dueAt: host.clock.now() + 300_000,
    });
    expect(view?.note).not.toContain('secret');
    await expect(host.inbound.events.get(broken.id)).rejects.toMatchObject({
      code: 'GLUE_CONTENT_UNREADABLE',
    });

    await payloadOf().update({ semantics });
    await after(300_000);
    expect(await host.inbound.events.get(broken.id)).toMatchObject({
      state: 'done',
      log: [{}, { outcome: 'failed', cause: 'internal' }, { outcome: 'done' }],
    });
    expect(await host.database('glue_events').where({ id: broken.id }).first()).toMatchObject({
      failures: 1,
    });
  });

  it('holds events whose endpoint broke, or is not known here, since they were claimed', async () => {
    host = await startInbound();
    await host.addEndpoint({ path: 'shop', config });
    const { id } = await send('{"id":1}');
    const source = createEventSource(
      host.database,
      { findById: () => undefined },
      { registry: { find: () => ({ state: 'broken', reason: '' }) }, handlers: new Map() },
    );
    const row = { id, endpointId: 1, attempts: 1, failures: 0, takeovers: 0, owner: 1, token: 1 };
    expect(await source.load([{ ...row, openKey: undefined }], Infinity)).toEqual(new Map([[id, 'held']]));
    expect(source.laneLimit(1, 0)).toBe(0);
  });

  it('makes a dead letter of an event for which the backend returned nothing', async () => {
    expect(await run({ hook: () => undefined })).toMatchObject({
      state: 'dead_letter',
      note: 'backend shop,1 returned no outcome',
    });
  });

  it.each([['done'], [{ kind: 'finished' }], [42]])(
    'tries again when the backend returned %j',
    async (value) => {
      const event = await run({ hook: () => value });
      expect(event).toMatchObject({ state: 'retrying', log: [{ outcome: 'failed' }] });
      expect(event.log[0]?.error).toContain('backend shop,1 returned something that is no outcome');
    },
  );

  it.each([
    ['retry', retry({ seconds: 60, note: 'busy' }), { state: 'retrying', note: 'busy' }],
    ['dead letter', deadLetter('no use'), { state: 'dead_letter', note: 'no use' }],
    ['cancel', { kind: 'cancel' }, { state: 'canceled' }],
  ])('follows the outcome %s', async (_name, outcome, expected) => {
    expect(await run({ hook: () => outcome })).toMatchObject(expected);
  });

  it('only stores when there is neither handler nor hook', async () => {
    expect(await run({})).toMatchObject({ state: 'done', note: 'stored only' });
  });

  it('prefers the endpoint’s handler to the backend', async () => {
    const event = await run({
      hook: () => done('backend'),
      handler: 'shop:own',
      handlers: { 'shop:own': handlerOf(() => done('handler')) },
    });
    expect(event).toMatchObject({ state: 'done', note: 'handler', handler: 'shop:own' });
  });

  it('takes nothing from a handler for an unknown outcome', async () => {
    const event = await run({ handler: 'shop:own', handlers: { 'shop:own': handlerOf(() => undefined) } });
    expect(event).toMatchObject({ state: 'retrying' });
    expect(event.log[0]?.error).toContain('handler "shop:own" returned something that is no outcome');
  });

  it.each([
    ['commits', () => done(), { state: 'done' }, 1],
    ['drops, when the attempt fails,', () => Promise.reject(new Error('no')), { state: 'retrying' }, 0],
  ])('%s the effects of a handler together with the outcome', async (_name, finish, expected, rows) => {
    const event = await run({
      hook: (given, context) => {
        context.transaction(async (trx) => {
          await trx('glue_audit').insert({ at: 1, actor: 'shop', action: 'effect', subject: given.id });
        });
        return finish();
      },
    });
    expect(event).toMatchObject(expected);
    expect(await host.database('glue_audit').where({ action: 'effect', subject: event.id })).toHaveLength(
      rows,
    );
  });

  it('undoes the outcome when its effects cannot be written', async () => {
    const event = await run({
      hook: (_event, context) => {
        context.transaction(() => Promise.reject(new Error('no such table')));
        return done();
      },
    });
    expect(event).toMatchObject({ state: 'retrying', note: 'no such table' });
  });

  it('gives the handler of a linked event the outbound side, when it is installed', async () => {
    const asked: unknown[] = [];
    const outbound: OutboundPort = {
      gatewayFor: (backend) => ({
        outboundEndpoint: (selector) => {
          asked.push(backend, selector);
          return Promise.resolve({
            code: 'x',
            queueDraft: () => Promise.resolve(),
            queueDelivery: () => Promise.resolve({ id: '1', endpointCode: 'x' }),
          });
        },
      }),
    };
    const event = await run({
      outbound,
      hook: async (_event, context) => {
        await context.outbound.outboundEndpoint({ codeSuffix: 'orders' });
        return done();
      },
    });
    expect(event).toMatchObject({ state: 'done' });
    expect(asked).toEqual([{ type: 'shop', id: 1 }, { codeSuffix: 'orders' }]);
  });

  it.each([
    ['the outbound side is absent', true, 'GLUE_SIDE_ABSENT'],
    ['the event belongs to no backend', false, 'GLUE_ENDPOINT_NOT_FOUND'],
  ])('says so when a handler asks for an outbound endpoint but %s', async (_name, linked, code) => {
    let thrown: unknown;
    const ask: Hook = (_event, { outbound }) =>
      outbound.outboundEndpoint().then(
        () => done(),
        (error: unknown) => {
          thrown = error;
          return done();
        },
      );
    await run(linked ? { hook: ask } : { handler: 'shop:own', handlers: { 'shop:own': handlerOf(ask) } });
    expect(thrown).toBeInstanceOf(GlueError);
    expect(thrown).toMatchObject({ code });
  });

  it('keeps what was stored while the backend is disabled, and goes on when it is back', async () => {
    let open = false;
    const event = await run({ hook: () => (open ? done() : retry()) });
    const backend = { type: 'shop', id: 1 };
    await host.backends.update(backend, { active: false }, 'test');
    await host.look();
    host.clock.advance(60_000);
    host.inbound.queue.poke(1);
    await host.inbound.queue.idle();
    expect(await host.inbound.events.get(event.id)).toMatchObject({ state: 'retrying', attempts: 1 });
    open = true;
    await host.backends.update(backend, { active: true }, 'test');
    await host.look();
    await host.inbound.queue.idle();
    expect(await host.inbound.events.get(event.id)).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('holds what was stored for a backend that the endpoint has no more, without an attempt, until it is there', async () => {
    let open = false;
    const { id } = await run({ hook: () => (open ? done() : retry()) });
    const backend = { type: 'shop', id: 1 };
    await host.inbound.endpoints.unlink('shop', 'test');
    await host.backends.update(backend, { active: false }, 'test');
    await host.look();
    for (let minute = 0; minute < 10; minute += 1) {
      host.clock.advance(60_000);
      host.inbound.queue.wake(1);
      await host.inbound.queue.idle();
    }
    expect(await host.inbound.events.get(id)).toMatchObject({
      ...{ state: 'retrying', attempts: 1, note: 'held: backend shop,1: the backend is disabled' },
      log: [{ outcome: 'retry' }],
    });
    expect(await send('{"type":"order.paid","id":8}')).toMatchObject({ state: 'done', note: 'stored only' });
    open = true;
    await host.backends.update(backend, { active: true }, 'test');
    await host.look();
    await host.inbound.queue.idle();
    expect(await host.inbound.events.get(id)).toMatchObject({ state: 'done', attempts: 2, note: undefined });
  });

  it('holds what was stored for a handler that nobody offers, until a host comes that has it', async () => {
    const { database, remove } = await makeSqlite();
    try {
      const handler = handlerOf(() => retry({ seconds: 1 }));
      const { id } = await run({ database, handler: 'shop:old', handlers: { 'shop:old': handler } });
      await host.stop();
      await database('glue_inbound_endpoints').update({ handler: 'shop:new' });
      const only = (name: string) =>
        startInbound({ database, handlers: { 'shop:new': handler, [name]: handlerOf(() => done('there')) } });
      host = await only('shop:other');
      host.clock.advance(60_000);
      host.inbound.queue.wake(1);
      await host.inbound.queue.idle();
      expect(await host.inbound.events.get(id)).toMatchObject({
        ...{ state: 'retrying', attempts: 1 },
        note: 'held: no enabled connector offers the handler "shop:old"',
      });
      await host.stop();
      host = await only('shop:old');
      host.clock.advance(60_000);
      host.inbound.queue.wake(1);
      await host.inbound.queue.idle();
      expect(await host.inbound.events.get(id)).toMatchObject({ state: 'done', note: 'there', attempts: 2 });
    } finally {
      await host.stop();
      await remove();
      host = await startInbound();
    }
  });

  it('goes on with what was stored after the endpoint is archived', async () => {
    let ready = false;
    const event = await run({ hook: () => (ready ? done() : retry({ seconds: 5 })) });
    await host.inbound.endpoints.setState('shop', 'archived', 'test');
    await host.look();
    ready = true;
    host.clock.advance(5_000);
    host.inbound.queue.poke(1);
    await host.inbound.queue.idle();
    expect(await host.inbound.events.get(event.id)).toMatchObject({ state: 'done' });
  });

  it('has a dead letter tried again at once when its provider sends it again', async () => {
    let fixed = false;
    const event = await run({ hook: () => (fixed ? done('now') : deadLetter('broken')) });
    fixed = true;
    const again = await send('{"type":"order.paid","id":7}');
    expect(again).toMatchObject({ id: event.id, state: 'done', note: 'now', attempts: 2, duplicates: 1 });
  });

  it('tries a dead letter again when an operator says so', async () => {
    let fixed = false;
    const { id } = await run({ hook: () => (fixed ? done('now') : deadLetter('broken')) });
    fixed = true;
    await host.inbound.moves.move(id, 'retry', { actor: 'test' });
    await host.inbound.queue.idle();
    expect(await host.inbound.events.get(id)).toMatchObject({ state: 'done', note: 'now', attempts: 2 });
  });

  it('does a finished event again when an operator says so, by the handler that the endpoint has now', async () => {
    const seen: InboundEvent[] = [];
    const { id } = await run({
      handler: 'shop:own',
      handlers: {
        'shop:own': handlerOf(() => done('old')),
        'shop:new': handlerOf((event) => {
          seen.push(event);
          return done('new');
        }),
      },
    });
    await host.database('glue_inbound_endpoints').update({ handler: 'shop:new' });
    await host.database.transaction((trx) => announceChange(trx, 'inbound'));
    await host.look();
    const { replayId = '' } = await host.inbound.moves.move(id, 'replay', { actor: 'test' });
    await host.inbound.queue.idle();
    expect(seen).toMatchObject([
      { id: replayId, kind: 'replay', type: 'order.paid', body: { type: 'order.paid', id: 7 } },
    ]);
    expect(await host.inbound.events.get(replayId)).toMatchObject({ state: 'done', note: 'new' });
    expect(await host.inbound.events.get(id)).toMatchObject({ state: 'done', note: 'old', attempts: 1 });
  });

  it('hears within a second that another process moved an event', async () => {
    let fixed = false;
    const { id } = await run({ hook: () => (fixed ? done() : deadLetter('broken')) });
    fixed = true;
    const { database, inbound } = host;
    const work = createEventWork(inbound.endpoints);
    const now = () => host.clock.now();
    await new OperatorMoves({ database, work, now, wake: () => {} }).move(id, 'retry', { actor: 'cli' });
    await host.look();
    await inbound.queue.idle();
    expect(await inbound.events.get(id)).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('lists events by page and counts them by state', async () => {
    await run({ hook: (event) => (event.type === 'bad' ? deadLetter('bad') : done()) });
    await send('{"type":"bad"}');
    await send('{"type":"good"}');
    const { events } = host.inbound;
    const [newest] = await events.list({ limit: 1 });
    expect(newest).toMatchObject({ type: 'good' });
    expect((await events.list({ before: newest?.id ?? '' })).map(({ type }) => type)).toEqual([
      'bad',
      'order.paid',
    ]);
    expect(await events.list({ state: 'dead_letter' })).toMatchObject([{ type: 'bad', note: 'bad' }]);
    expect(await events.list({ backend: { type: 'shop', id: 1 }, type: 'good' })).toHaveLength(1);
    expect(await events.countByState(1)).toEqual({ done: 2, dead_letter: 1 });
    await expect(events.get('nothing')).rejects.toMatchObject({ code: 'GLUE_EVENT_NOT_FOUND' });
  });
});
