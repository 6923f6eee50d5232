import { afterEach, describe, expect, it } from '@jest/globals';
import { ConnectorBackend, done, GlueError, retry, type OutboundPort } from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import type { InboundContext, InboundEvent, InboundHandler } from '../src/process/inbound-event.js';
import {
  openConfig,
  post,
  shopSettings,
  startInbound,
  until,
  type Fixture,
} from './support/inbound-fixture.js';

type Work = (event: InboundEvent, context: InboundContext) => unknown;

const config = {
  ...openConfig,
  semantics: { event_type: [{ json: 'type' }] },
  retryPolicy: { delays: ['1h'], jitter: 0 },
  deadlineMs: 1_000,
};

class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
}

describe('a handler that', () => {
  let host: Fixture;
  afterEach(() => host.stop());

  /** Events of type `bad` are given to the work, others are done: before it, beside it and after it. */
  async function start(work: Work, outbound?: OutboundPort): Promise<void> {
    const handler: InboundHandler = {
      handleInboundEvent: (event, context) =>
        event.type === 'bad' ? (work(event, context) as Promise<never>) : Promise.resolve(done('fine')),
    };
    const handlers = { 'shop:own': handler };
    host = await startInbound({ classes: [ShopBackend], handlers, ...(outbound && { outbound }) });
    const backend = await host.addBackend('shop');
    await host.addEndpoint({ path: 'shop', config, handler: 'shop:own', backend });
  }
  async function send(type: string, id: number): Promise<string> {
    const answer = await post(`${host.url}/webhooks/in/shop`, JSON.stringify({ type, id }));
    expect(answer.status).toBe(202);
    return (answer.body as { event_id: string }).event_id;
  }
  const eventOf = async (id: string) => host.inbound.events.get(id);
  const messages = () => host.logged.map(({ message }) => message);

  it.each<[string, unknown, string]>([
    ['text', 'no', 'something that is no Error was thrown: no'],
    ['nothing', undefined, 'something that is no Error was thrown: undefined'],
    ['an object that is no error', { message: 'odd' }, 'something that is no Error was thrown: odd'],
    ['what cannot be text', Object.create(null), 'cannot be shown as text'],
    ['what throws when it is looked at', trap(), 'cannot be shown as text'],
    ['a symbol', Symbol('x'), 'something that is no Error was thrown: Symbol(x)'],
    ['an error with an endless message', new Error('x'.repeat(1_000_000)), 'xxxx'],
  ])('throws %s has only its own event tried again', async (_name, thrown, note) => {
    await start(() => {
      throw thrown;
    });
    const ids = [await send('good', 1), await send('bad', 2), await send('good', 3)];
    await host.inbound.queue.idle();
    const [before, bad, after] = await Promise.all(ids.map(eventOf));
    expect([before?.state, after?.state]).toEqual(['done', 'done']);
    expect(bad).toMatchObject({ state: 'retrying', log: [{ outcome: 'failed', cause: 'handler' }] });
    expect(bad?.note).toContain(note);
    expect(bad?.log[0]?.error?.length).toBeLessThanOrEqual(16 * 1024);
    expect(host.logged).toContainEqual({
      fields: expect.objectContaining({ state: 'retrying', cause: 'handler' }) as object,
      message: 'attempt',
    });
  });

  it.each<[string, Work]>([
    ['throws the body', () => JSON.parse('s3cret')],
    ['notes the body', () => retry({ note: 's3cret' })],
    ['is done with the body in its note', () => done('s3cret')],
    [
      'writes the body where nobody takes it',
      (_event, context) => {
        context.transaction(() => Promise.reject(new Error("insert into orders values ('s3cret')")));
        return done();
      },
    ],
  ])('%s: the event keeps what it says, no log does', async (_name, work) => {
    await start(work);
    const id = await send('bad', 1);
    await host.inbound.queue.idle();
    expect((await eventOf(id)).note).toContain('s3cret');
    expect(messages()).toContain('attempt');
    expect(JSON.stringify(host.logged)).not.toContain('s3cret');
  });

  it.each<[string, unknown]>([
    ['garbage', { kind: 'done', note: 7 }],
    ['a far date to retry at', { kind: 'retry', seconds: Infinity }],
    [
      'itself',
      (() => {
        const self: Record<string, unknown> = { kind: 'don' };
        return Object.assign(self, { self });
      })(),
    ],
    ['what throws when it is looked at', trap()],
  ])('returns %s has only its own event tried again', async (_name, value) => {
    await start(() => value);
    const ids = [await send('bad', 1), await send('good', 2)];
    await host.inbound.queue.idle();
    const [bad, good] = await Promise.all(ids.map(eventOf));
    expect([bad?.state, good?.state]).toEqual(['retrying', 'done']);
  });

  it('ignores its signal is given up at the deadline, and the log tells when it ended', async () => {
    let finish = () => {};
    let signal: AbortSignal | undefined;
    await start((_event, context) => {
      signal = context.signal;
      return new Promise((resolve) => (finish = () => resolve(done('too late'))));
    });
    const id = await send('bad', 1);
    await until(() => signal !== undefined);
    host.clock.advance(1_000);
    await host.inbound.queue.idle();
    expect(signal?.aborted).toBe(true);
    const given = { state: 'retrying', note: 'no result within 1000 ms', log: [{ cause: 'timeout' }] };
    expect(await eventOf(id)).toMatchObject(given);
    expect(messages()).not.toContain('a handler ended after its deadline; what came of it is not used');

    host.clock.advance(2_500);
    finish();
    await until(() => messages().includes('a handler ended after its deadline; what came of it is not used'));
    expect(host.logged.at(-1)?.fields).toEqual({ lateMs: 2_500 });
    expect(await eventOf(id)).toMatchObject(given);
  });

  it('uses its context after its end writes nothing, and the log says so', async () => {
    let after: InboundContext | undefined;
    let ran = false;
    await start((_event, context) => {
      after = context;
      return done();
    });
    const id = await send('bad', 1);
    await host.inbound.queue.idle();
    after?.transaction(async () => void (ran = true));
    await send('good', 2);
    await host.inbound.queue.idle();
    expect(ran).toBe(false);
    expect(after?.signal.aborted).toBe(true);
    expect(await eventOf(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(messages()).toContain(
      'a handler asked for a write after its attempt had ended; it is not written',
    );
  });

  it('queues a delivery after its end is told so', async () => {
    const kind = { name: 'deliveries', write: () => Promise.reject(new Error('written')) };
    const outbound: OutboundPort = {
      gatewayFor: (_backend, effects) => ({
        outboundEndpoint: async () => ({
          code: 'x',
          queueDraft: () => Promise.resolve(),
          queueDelivery: async () => {
            effects.add(kind, {});
            return { id: '1', endpointCode: 'x' };
          },
        }),
      }),
    };
    let queued: Promise<unknown> | undefined;
    let returned = () => {};
    const end = new Promise<void>((resolve) => (returned = resolve));
    await start((_event, context) => {
      queued = end.then(async () => (await context.outbound.outboundEndpoint()).queueDelivery({}));
      queued.catch(() => {});
      return done();
    }, outbound);
    const id = await send('bad', 1);
    await host.inbound.queue.idle();
    returned();
    await expect(queued).rejects.toBeInstanceOf(GlueError);
    await expect(queued).rejects.toMatchObject({ code: 'GLUE_ATTEMPT_ENDED' });
    expect(await eventOf(id)).toMatchObject({ state: 'done' });
  });

  it('keeps the transaction open has its write given up, and others go on', async () => {
    let runs = 0;
    await start((_event, context) => {
      context.transaction(() => {
        runs += 1;
        return new Promise<never>(() => {});
      });
      return done();
    });
    const bad = await send('bad', 1);
    await until(() => runs === 1);
    const good = send('good', 2);
    host.clock.advance(5_000);
    const goodId = await good;
    await host.inbound.queue.idle();
    expect(await eventOf(goodId)).toMatchObject({ state: 'done' });
    expect(await eventOf(bad)).toMatchObject({
      state: 'retrying',
      note: 'a write that the handler gave to context.transaction() was not done within 5000 ms',
    });
  });
});

/** What foreign code can throw or return at worst. */
function trap(): object {
  const refuse = () => {
    throw new Error('do not look');
  };
  return new Proxy({}, { get: refuse, has: refuse, getPrototypeOf: refuse, ownKeys: refuse });
}
