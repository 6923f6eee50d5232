import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, it, jest } from '@jest/globals';
import {
  attachFile,
  cancel,
  deadLetter,
  done,
  retry,
  silentLogger,
  type BackendReference,
  type Logger,
  type NewDelivery,
} from 'glue-core';
import { send, type OutboundHandler, type OutboundHooks } from '../../src/index.js';
import { DispatchTargets, type DispatchTarget } from '../../src/dispatch/dispatch-target.js';
import {
  API_KEY,
  FakeBackend,
  openFixture,
  type Fixture,
  type FixtureOptions,
} from '../support/outbound-fixture.js';
import { openRawReceiver } from '../support/raw-receiver.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

/** A backend with the given hooks. */
function backendWith(hooks: Partial<OutboundHooks>): FixtureOptions {
  class HookedBackend extends FakeBackend {
    static override readonly type = 'fake';
  }
  Object.assign(HookedBackend.prototype, hooks);
  return { backendClass: HookedBackend };
}

/** An attempt that succeeded, or was not wanted, says no reason why it did not. */
const withoutCause: object = expect.not.objectContaining({ cause: expect.anything() });

/** Throws at whatever is done with it. */
function unprintable(): object {
  const refuse = () => {
    throw new Error('no');
  };
  const target = Object.create(null) as object;
  return new Proxy(target, {
    ownKeys: refuse,
    getPrototypeOf: refuse,
    has: (_target, name) => name !== 'then' && refuse(),
    get: (_target, name) => (name === 'then' ? undefined : refuse()),
  });
}

onEachDatabase('dispatching a delivery', (openDatabase) => {
  let sink: Sink;
  let fixture: Fixture;
  let lane: number;

  beforeEach(async () => {
    sink = await openSink();
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await fixture.close();
    await sink.close();
  });

  async function open(options: FixtureOptions = {}, config: object = {}, fields: object = {}): Promise<void> {
    fixture = await openFixture(await openDatabase(), { allowHosts: ['127.0.0.1'], ...options });
    lane = await fixture.addEndpoint('out', { baseUrl: sink.url, ...config }, fields);
  }

  /** Queues and waits until nothing runs. */
  async function dispatch(delivery: NewDelivery = { payload: { a: 1 } }): Promise<string> {
    const { id } = await (
      await fixture.instance().outboundEndpoint({ codeSuffix: 'out' })
    ).queueDelivery(delivery);
    await fixture.outbound.queue.idle();
    return id;
  }

  async function linkTo({ type, id }: BackendReference): Promise<void> {
    await fixture
      .database('glue_outbound_endpoints')
      .where({ id: lane })
      .update({ backend_type: type, backend_id: id });
    await fixture.database('glue_changes').where({ topic: 'outbound' }).increment('value', 1);
    await fixture.changeFeed.look();
  }

  const get = (id: string) => fixture.outbound.deliveries.get(id);
  const attempts = (id: string) => fixture.outbound.deliveries.attempts(id);

  it('tries the others of a batch where what is stored of one cannot be read, and that one again when it is mended', async () => {
    await open();
    sink.answer = (response) => void response.writeHead(503).end();
    const ids: string[] = [];
    for (const a of [1, 2, 3]) ids.push(await dispatch({ payload: { a } }));
    const [first = '', broken = '', last = ''] = ids;
    const payloadOf = () => fixture.database('glue_delivery_payloads').where({ delivery_id: broken });
    const { context } = await payloadOf().first();
    await payloadOf().update({ context: '{"secret": no JSON' });
    sink.answer = (response) => void response.writeHead(200).end();
    await fixture.wakeAfter(5_000, lane);
    for (const id of [first, last]) expect(await get(id)).toMatchObject({ state: 'done' });
    const { deliveries } = await fixture.outbound.deliveries.list();
    const summary = deliveries.find(({ id }) => id === broken);
    expect(summary).toMatchObject({
      state: 'retrying',
      note: expect.stringContaining(`delivery ${broken} cannot be read: what is stored as its context`),
      dueAt: fixture.clock.now() + 300_000,
    });
    expect(summary?.note).not.toContain('secret');
    await expect(get(broken)).rejects.toMatchObject({ code: 'GLUE_CONTENT_UNREADABLE' });

    await payloadOf().update({ context: 'null' });
    fixture.clock.advance(300_000);
    fixture.outbound.queue.wake(lane);
    await fixture.outbound.queue.idle();
    await payloadOf().update({ context });
    fixture.clock.advance(300_000);
    fixture.outbound.queue.wake(lane);
    await fixture.outbound.queue.idle();
    expect(await get(broken)).toMatchObject({ state: 'done' });
    expect(await attempts(broken)).toMatchObject([
      { cause: 'http_5xx' },
      { cause: 'internal', note: expect.stringContaining('no JSON') },
      { cause: 'internal', note: expect.stringContaining('has not the form') },
      { outcome: 'done' },
    ]);
  });

  it('goes on until it is accepted: 503, then 429 that asks for time, then 200', async () => {
    const logged: object[] = [];
    const logger: Logger = {
      ...silentLogger,
      info: (fields) => void logged.push(fields),
      child: () => logger,
    };
    await open(
      {
        ...backendWith({
          outboundHeaders(this: FakeBackend) {
            return { Authorization: `Bearer ${this.settings.apiKey}`, 'X-Raw-Key': this.settings.apiKey };
          },
        }),
        logger,
      },
      { path: '/orders/{order}?key={key}' },
    );
    const answers: [number, Record<string, string>][] = [
      [503, {}],
      [429, { 'retry-after': '900' }],
      [200, {}],
    ];
    sink.answer = (response, { headers }) => {
      const [status, more] = answers.shift() ?? [500, {}];
      response
        .writeHead(status, more)
        .end(`seen ${headers.authorization} and ${String(headers['x-raw-key'])}`);
    };
    const started = fixture.clock.now();
    const id = await dispatch({
      payload: { amount: 5, key: API_KEY },
      context: { order: 'a/b', key: API_KEY },
      idempotencyKey: 'order-7',
    });
    expect(await get(id)).toMatchObject({ state: 'retrying', attempts: 1, dueAt: started + 5_000 });
    await fixture.wakeAfter(4_999, lane);
    expect(sink.received).toHaveLength(1);
    await fixture.wakeAfter(1, lane);
    // The policy says five minutes; the receiver asked for fifteen.
    expect(await get(id)).toMatchObject({ state: 'retrying', attempts: 2, dueAt: started + 5_000 + 900_000 });
    expect([...new Set(fixture.wakes.map(({ at }) => at))]).toEqual([started + 5_000, started + 905_000]);
    await fixture.wakeAfter(900_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 3, finishedAt: started + 905_000 });

    expect(sink.received.map(({ url, body }) => [url, body])).toEqual(
      Array(3).fill([`/orders/a%2Fb?key=${API_KEY}`, JSON.stringify({ amount: 5, key: API_KEY })]),
    );
    expect(sink.received[0]?.headers).toMatchObject({
      authorization: `Bearer ${API_KEY}`,
      'user-agent': expect.stringMatching(/^Glue\//),
    });
    const log = await attempts(id);
    expect(log).toMatchObject([
      {
        number: 1,
        outcome: 'failed',
        cause: 'http_5xx',
        status: 503,
        startedAt: started,
        note: 'the receiver answered 503',
      },
      { number: 2, outcome: 'failed', cause: 'throttled', status: 429, startedAt: started + 5_000 },
      { number: 3, outcome: 'done', status: 200, startedAt: started + 905_000 },
    ]);
    expect(log[0]).toMatchObject({
      request: {
        method: 'POST',
        url: `${sink.url}/orders/a%2Fb?key=[redacted]`,
        headers: {
          authorization: '[redacted]',
          'x-raw-key': '[redacted]',
          'content-type': 'application/json',
        },
        body: '{"amount":5,"key":"[redacted]"}',
      },
      response: { status: 503, body: 'seen [redacted] and [redacted]' },
    });
    const rows = JSON.stringify([await fixture.database('glue_delivery_attempts'), logged]);
    expect(rows).not.toContain(API_KEY);
  });

  it('uses one connection for deliveries that follow each other', async () => {
    let answered = 0;
    const receiver = await openRawReceiver({
      answer: (socket) => {
        answered += 1;
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n');
      },
    });
    await open({}, { baseUrl: `http://127.0.0.1:${receiver.port}`, concurrency: 1 });
    const endpoint = await fixture.instance().outboundEndpoint();
    for (let n = 0; n < 30; n += 1) await endpoint.queueDelivery({ payload: n });
    await fixture.outbound.queue.idle();
    expect(answered).toBe(30);
    expect(receiver.connections).toBe(1);
    await receiver.close();
  });

  it('is a dead letter when the receiver refuses it for good', async () => {
    await open();
    sink.answer = (response) => response.writeHead(422).end('amount is missing');
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'dead_letter', note: 'the receiver answered 422' });
    expect(await attempts(id)).toMatchObject([
      { cause: 'http_4xx', response: { body: 'amount is missing' } },
    ]);
  });

  it('is a dead letter when the retries are used up', async () => {
    await open({}, { retryPolicy: { delays: ['5s'], jitter: 0 } });
    sink.answer = (response) => response.writeHead(500).end();
    const id = await dispatch();
    await fixture.wakeAfter(5_000, lane);
    expect(await get(id)).toMatchObject({
      state: 'dead_letter',
      note: 'the receiver answered 500; given up after 2 attempts',
    });
  });

  it('takes an endpoint out of service whose receiver is gone, and holds what is queued later', async () => {
    await open();
    sink.answer = (response) => response.writeHead(410).end();
    const gone = await dispatch();
    const later = await dispatch();
    expect(await get(gone)).toMatchObject({ state: 'dead_letter' });
    expect(await fixture.outbound.endpoints.getByCode('fake-1-out')).toMatchObject({
      state: 'disabled',
      reason: 'the receiver answered 410 Gone',
    });
    expect(await get(later)).toMatchObject({ state: 'held', attempts: 0 });
    sink.answer = (response) => response.end();
    await fixture.outbound.endpoints.setState('fake-1-out', 'active', 'ann');
    await fixture.changeFeed.look();
    await fixture.outbound.queue.idle();
    expect(await get(later)).toMatchObject({ state: 'done' });
  });

  it('takes an endpoint out of service whose receiver is gone, also where a person paused it meanwhile', async () => {
    await open();
    const { endpoints } = fixture.outbound;
    sink.answer = (response) => {
      void endpoints
        .setState('fake-1-out', 'paused', 'ann')
        .then(() => fixture.changeFeed.look())
        .then(() => response.writeHead(410).end());
    };
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'dead_letter' });
    expect(await endpoints.getByCode('fake-1-out')).toMatchObject({
      ...{ state: 'disabled', reason: 'the receiver answered 410 Gone' },
    });
  });

  it('leaves an endpoint alone whose receiver is gone where a person archived it meanwhile', async () => {
    await open();
    const { endpoints } = fixture.outbound;
    sink.answer = (response) => {
      void endpoints
        .setState('fake-1-out', 'archived', 'ann')
        .then(() => fixture.changeFeed.look())
        .then(() => response.writeHead(410).end());
    };
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'dead_letter' });
    expect(await endpoints.getByCode('fake-1-out')).toMatchObject({ state: 'archived' });
  });

  it.each([
    ['goes on past a dead letter', false, ['a', 'b', 'other'], 'done'],
    ['keeps what is behind a dead letter waiting where it says so', true, ['a', 'other'], 'queued'],
  ])('of an ordering key that its endpoint gives it %s', async (_name, deadLetterBlocks, sent, state) => {
    await open({}, { orderingKey: { payload: 'key' }, deadLetterBlocks });
    sink.answer = (response, { body }) => {
      response.writeHead(String(body).includes('"a"') ? 400 : 200).end();
    };
    const at = { sendAt: fixture.clock.now() + 1_000 };
    await dispatch({ payload: { key: 'k', n: 'a' }, ...at });
    const behind = await dispatch({ payload: { key: 'k', n: 'b' } });
    // The first is not due yet, and what comes later of its key waits for it.
    expect(sink.received).toEqual([]);
    await dispatch({ payload: { key: 'l', n: 'other' }, ...at });
    await fixture.wakeAfter(1_000, lane);
    const names = sink.received.map(({ body }) => (JSON.parse(String(body)) as { n: string }).n);
    expect(names.toSorted()).toEqual(sent);
    expect(await get(behind)).toMatchObject({ state });
  });

  it('holds the deliveries of a backend that is disabled, and goes on when it is enabled', async () => {
    await open();
    await fixture.backends.update(fixture.backend, { active: false }, 'ann');
    const endpoint = await fixture.instance().outboundEndpoint();
    await fixture.registry.refresh();
    const { id } = await endpoint.queueDelivery({ payload: 1 });
    await fixture.outbound.queue.idle();
    expect(await get(id)).toMatchObject({ state: 'held', attempts: 0 });
    await fixture.backends.update(fixture.backend, { active: true }, 'ann');
    await fixture.registry.refresh();
    await fixture.changeFeed.look();
    await fixture.outbound.queue.idle();
    expect(await get(id)).toMatchObject({ state: 'done' });
  });

  it('waits until the time that was asked for', async () => {
    await open();
    const sendAt = fixture.clock.now() + 60_000;
    const id = await dispatch({ payload: 1, sendAt });
    expect(fixture.wakes).toContainEqual({ lane, at: sendAt });
    expect(await get(id)).toMatchObject({ state: 'queued', dueAt: sendAt });
    await fixture.wakeAfter(60_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done' });
  });

  it('sends what was queued in a transaction after its commit', async () => {
    await open();
    const endpoint = await fixture.instance().outboundEndpoint();
    await fixture.database.transaction((transaction) => endpoint.queueDelivery({ payload: 1, transaction }));
    await new Promise(setImmediate);
    await fixture.outbound.queue.idle();
    expect(sink.received).toHaveLength(1);
  });

  it('keeps the order of a key although ids with an idempotency key say nothing of time', async () => {
    await open({}, {}, { state: 'paused' });
    const names = Array.from({ length: 8 }, (_, index) => `n${index}`);
    for (const name of names) await dispatch({ payload: name, idempotencyKey: name, orderingKey: 'one' });
    await fixture.outbound.endpoints.setState('fake-1-out', 'active', 'ann');
    await fixture.changeFeed.look();
    await fixture.outbound.queue.idle();
    expect(sink.received.map(({ body }) => JSON.parse(body))).toEqual(names);
  });

  it('is a dead letter that names the token when it cannot be rendered', async () => {
    await open({}, { path: '/{order}' });
    const id = await dispatch({ payload: 1 });
    expect(await get(id)).toMatchObject({
      state: 'dead_letter',
      note: expect.stringContaining('{order}'),
    });
    expect(await attempts(id)).toMatchObject([{ cause: 'rendering' }]);
  });

  it('calls no address that the guard refuses', async () => {
    await open({ allowHosts: [] });
    const id = await dispatch();
    expect(await attempts(id)).toMatchObject([{ outcome: 'failed', cause: 'blocked_address' }]);
    expect(sink.received).toEqual([]);
  });

  it('calls no host that the connector does not declare', async () => {
    await open({ egress: ['api.example.com'] });
    const id = await dispatch();
    expect(await attempts(id)).toMatchObject([
      { cause: 'blocked_address', note: expect.stringContaining('egress') },
    ]);
    expect(sink.received).toEqual([]);
  });

  it('goes by the egress of the backend that its endpoint is linked to now, whoever queued it', async () => {
    await open({ egress: ['api.example.com'] }, {}, { backend_type: null, backend_id: null });
    const endpoint = await fixture.outbound.outboundEndpoint({ code: 'fake-1-out' });
    const { id } = await endpoint.queueDelivery({ payload: 1, sendAt: fixture.clock.now() + 1_000 });
    await linkTo(fixture.backend);
    await fixture.wakeAfter(1_000, lane);
    expect(await attempts(id)).toMatchObject([
      { cause: 'blocked_address', note: expect.stringContaining('egress') },
    ]);
    expect(sink.received).toEqual([]);
  });

  it('leaves no secret in the log, neither of the backend that queued it nor of the one that it goes out for', async () => {
    const hooks = backendWith({
      outboundHeaders() {
        return { 'x-shop': `key ${(this as FakeBackend).settings.apiKey}` };
      },
    });
    await open(hooks);
    const settings = { apiKey: 'sk_live_of_the_other' };
    const other = await fixture.backends.create({ type: 'fake', name: 'Other', settings }, 'ann');
    await fixture.registry.refresh();
    const endpoint = await fixture.instance().outboundEndpoint();
    const { id } = await endpoint.queueDelivery({
      payload: { key: API_KEY },
      sendAt: fixture.clock.now() + 1_000,
    });
    await linkTo(other);
    await fixture.wakeAfter(1_000, lane);
    expect(sink.received).toMatchObject([{ headers: { 'x-shop': 'key sk_live_of_the_other' } }]);
    const [attempt] = await attempts(id);
    expect(attempt).toMatchObject({
      request: { headers: { 'x-shop': 'key [redacted]' }, body: '{"key":"[redacted]"}' },
    });
  });

  it('leaves no secret in the log, although each delivery of the endpoint carries another', async () => {
    let number = 0;
    await open(
      backendWith({
        outboundHeaders: () => Promise.resolve({ authorization: `Bearer secret-number-${++number}` }),
      }),
    );
    sink.answer = (response, { headers }) =>
      void response.writeHead(400).end(`what is ${String(headers.authorization)}?`);
    for (const _each of [1, 2, 3]) {
      const [attempt] = await attempts(await dispatch());
      expect(attempt).toMatchObject({ response: { body: 'what is [redacted]?' } });
    }
    expect(number).toBe(3);
  });

  it('leaves no secret in the log that was replaced while it was on its way', async () => {
    const change = async () => {
      await fixture.backends.update(fixture.backend, { settings: { apiKey: 'sk_live_next' } }, 'ann');
      await fixture.registry.refresh();
    };
    await open(
      backendWith({
        async handleDelivery() {
          await change();
          return send({ headers: { 'x-shop': API_KEY } });
        },
      }),
    );
    const [attempt] = await attempts(await dispatch());
    expect(attempt).toMatchObject({ request: { headers: { 'x-shop': '[redacted]' } } });
  });

  it('waits without an attempt where its endpoint is paused after the claim', async () => {
    await open();
    const find = Object.getOwnPropertyDescriptor(DispatchTargets.prototype, 'find')?.value as (
      this: DispatchTargets,
      id: number,
    ) => DispatchTarget;
    let isPaused = false;
    fixture.database.on('query', ({ sql }: { sql: string }) => {
      if (/^select .*delivery_payloads/i.test(sql)) isPaused = true;
    });
    jest.spyOn(DispatchTargets.prototype, 'find').mockImplementation(function (this: DispatchTargets, id) {
      return isPaused ? { state: 'held', reason: 'it is paused' } : find.call(this, id);
    });
    const id = await dispatch();
    expect(isPaused).toBe(true);
    expect(sink.received).toEqual([]);
    expect(await fixture.database('glue_deliveries').where({ id }).first()).toMatchObject({
      ...{ state: 'queued', attempts: 0, failures: 0, owner: null },
    });
    isPaused = false;
    jest.restoreAllMocks();
    await fixture.wakeAfter(0, lane);
    expect(await attempts(id)).toMatchObject([{ number: 1, outcome: 'done' }]);
  });

  it.each<[string, Partial<OutboundHooks>, object, object, number]>([
    [
      'a gate that says nothing lets it go',
      { checkDispatchAllowed: () => undefined },
      { state: 'done' },
      {},
      1,
    ],
    [
      'a gate may refuse',
      { checkDispatchAllowed: () => cancel('not now') },
      { state: 'canceled', note: 'not now' },
      withoutCause,
      0,
    ],
    [
      'a gate may have it done already',
      { checkDispatchAllowed: () => done('they know') },
      { state: 'done', note: 'they know' },
      withoutCause,
      0,
    ],
    [
      'a gate may give it up',
      { checkDispatchAllowed: () => deadLetter('never') },
      { state: 'dead_letter' },
      { cause: 'gate', outcome: 'dead_letter' },
      0,
    ],
    [
      'a gate may put off',
      { checkDispatchAllowed: () => retry({ seconds: 90 }) },
      { state: 'retrying' },
      { cause: 'gate', outcome: 'retry' },
      0,
    ],
    [
      'a gate that throws is tried again',
      { checkDispatchAllowed: () => Promise.reject(new Error('no quota')) },
      { state: 'retrying', note: 'checkDispatchAllowed: no quota' },
      { cause: 'gate', error: expect.stringContaining('Error: no quota') },
      0,
    ],
    [
      'a gate must return an outcome',
      { checkDispatchAllowed: () => ({ ok: true }) as never },
      { state: 'retrying' },
      { cause: 'gate', error: expect.stringContaining('no outcome') },
      0,
    ],
    [
      'headers that throw are tried again',
      { outboundHeaders: () => Promise.reject(new Error('no token')) },
      { state: 'retrying' },
      { cause: 'handler' },
      0,
    ],
    [
      'a base URL wins over the endpoint',
      { outboundBaseUrl: () => 'http://127.0.0.1:1' },
      { state: 'retrying' },
      { cause: 'connect' },
      0,
    ],
    [
      'a base URL must be scheme and host',
      { outboundBaseUrl: () => 'https://api.example.com/v1' },
      { state: 'retrying', note: expect.stringContaining('outboundBaseUrl: what it returned is no scheme') },
      { cause: 'handler', error: expect.stringContaining('GlueError: what it returned') },
      0,
    ],
    [
      'a base URL must be text',
      { outboundBaseUrl: () => 7 as never },
      { state: 'retrying' },
      { cause: 'handler', error: expect.stringContaining('scheme and host') },
      0,
    ],
    [
      'a base URL may be left to the endpoint',
      { outboundBaseUrl: () => undefined, outboundHeaders: () => null as never },
      { state: 'done' },
      { status: 200 },
      1,
    ],
    [
      'headers of the sender are refused',
      { outboundHeaders: () => ({ Host: 'x' }) },
      { state: 'retrying', note: expect.stringContaining('outboundHeaders: ') },
      { cause: 'handler', error: expect.stringContaining('"Host" is reserved') },
      0,
    ],
    [
      'headers must be an object of texts',
      { outboundHeaders: () => new Headers({ x: '1' }) as never },
      { state: 'retrying' },
      { cause: 'handler', error: expect.stringContaining('must be an object of texts') },
      0,
    ],
    [
      'what is thrown may refuse to be shown',
      { outboundHeaders: () => Promise.reject(unprintable()) },
      { state: 'retrying', note: 'outboundHeaders: something that cannot be shown as text' },
      { cause: 'handler', error: 'something that cannot be shown as text' },
      0,
    ],
    [
      'what is thrown may be a symbol',
      {
        outboundBaseUrl: () => {
          throw Symbol('odd');
        },
      },
      { state: 'retrying', note: 'outboundBaseUrl: Symbol(odd)' },
      { cause: 'handler' },
      0,
    ],
    [
      'what is returned may refuse to be read',
      { checkDispatchAllowed: () => unprintable() as never },
      { state: 'retrying' },
      { cause: 'gate' },
      0,
    ],
    [
      'a delivery cannot be changed by a hook',
      {
        checkDispatchAllowed: ({ payload }) => {
          (payload as { a: number }).a = 2;
        },
      },
      { state: 'retrying', note: expect.stringContaining('read only') },
      { cause: 'gate' },
      0,
    ],
    [
      'a rendered request cannot be changed in place',
      {
        handleDelivery: (_delivery, { headers }) => {
          (headers as Record<string, string>)['host'] = 'x';
          return send();
        },
      },
      { state: 'retrying' },
      { cause: 'handler' },
      0,
    ],
    [
      'full control must send what can be sent',
      { handleDelivery: () => send({ url: 42 as never }) },
      {
        state: 'retrying',
        note: expect.stringContaining('handleDelivery: what it returned cannot be sent: url'),
      },
      { cause: 'handler', error: expect.stringContaining('url') },
      0,
    ],
    [
      'full control may send bytes',
      { handleDelivery: () => send({ body: Buffer.from('bytes') }) },
      { state: 'done' },
      { request: expect.objectContaining({ bytes: 5, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }) },
      1,
    ],
    [
      'full control may finish',
      { handleDelivery: () => done('sent by SDK') },
      { state: 'done', note: 'sent by SDK' },
      withoutCause,
      0,
    ],
    [
      'full control may give up',
      { handleDelivery: () => deadLetter('no use') },
      { state: 'dead_letter' },
      { cause: 'handler' },
      0,
    ],
    ['full control may send', { handleDelivery: () => send() }, { state: 'done' }, { status: 200 }, 1],
    [
      'full control that returns nothing is a dead letter',
      { handleDelivery: () => undefined as never },
      { state: 'dead_letter', note: 'handleDelivery returned nothing' },
      {},
      0,
    ],
    [
      'full control must return an outcome',
      { handleDelivery: () => 'sent' as never },
      { state: 'retrying' },
      { cause: 'handler' },
      0,
    ],
  ])('%s', async (_name, hooks, delivery, attempt, requests) => {
    await open(backendWith(hooks));
    const id = await dispatch();
    expect(await get(id)).toMatchObject(delivery);
    expect(await attempts(id)).toMatchObject([attempt]);
    expect(sink.received).toHaveLength(requests);
  });

  it('lets full control change the request, merging headers without regard to case', async () => {
    await open(
      backendWith({
        handleDelivery: (_delivery, { url }) =>
          send({
            url: `${url}changed`,
            method: 'PATCH',
            headers: { 'CONTENT-TYPE': 'text/x' },
            body: 'other',
          }),
      }),
    );
    await dispatch();
    expect(sink.received).toMatchObject([
      { method: 'PATCH', url: '/changed', headers: { 'content-type': 'text/x' }, body: 'other' },
    ]);
  });

  it("lets the endpoint's handler win over the backend's hook", async () => {
    const handler: OutboundHandler = { handleDelivery: () => done('by the handler') };
    const options = {
      ...backendWith({ handleDelivery: () => done('by the hook') }),
      handlers: new Map([['fake:own', handler]]),
    };
    await open(options, {}, { handler: 'fake:own' });
    expect(await get(await dispatch())).toMatchObject({ note: 'by the handler' });
  });

  it('holds deliveries whose handler nobody offers', async () => {
    await open({}, {}, { handler: 'fake:gone' });
    expect(await get(await dispatch())).toMatchObject({ state: 'held' });
  });

  it('gives hooks the delivery as it was queued, and what became of it', async () => {
    const seen: unknown[] = [];
    await open(
      backendWith({
        checkDispatchAllowed: (delivery, { attempt }) => void seen.push(delivery, attempt),
        handleResponse: (_delivery, { status, body }, state) => void seen.push([status, body, state]),
      }),
      { retryPolicy: { delays: ['5s'], jitter: 0 } },
    );
    sink.answer = (response) => response.writeHead(500).end('no');
    const id = await dispatch({
      payload: { a: 1 },
      context: { x: 0 },
      headers: { 'X-H': '1' },
      idempotencyKey: 'k',
    });
    await fixture.wakeAfter(5_000, lane);
    const delivery = {
      id,
      payload: { a: 1 },
      context: { x: 0, idempotency_key: 'k' },
      headers: { 'x-h': '1' },
      idempotencyKey: 'k',
      endpoint: { id: lane, code: 'fake-1-out', suffix: 'out', name: 'Fake shop out', company: 'default' },
      backend: fixture.backend,
      createdAt: fixture.clock.now() - 5_000,
    };
    expect(seen).toEqual([
      { ...delivery, attempt: 1 },
      1,
      [500, 'no', 'retrying'],
      { ...delivery, attempt: 2 },
      2,
      [500, 'no', 'dead_letter'],
    ]);
  });

  it.each<[string, OutboundHooks['handleResponse'], string]>([
    ['throws what cannot be shown', () => Promise.reject(unprintable()), 'cannot be shown as text'],
    ['throws', () => Promise.reject(new Error(`cannot store ${API_KEY}`)), 'cannot store [redacted]'],
    [
      'never ends',
      () => new Promise(() => setImmediate(() => fixture.clock.advance(10_000))),
      'no result within 10000 ms',
    ],
  ])('records that handleResponse %s, and sends no second time', async (_name, handleResponse, words) => {
    await open(backendWith({ ...(handleResponse && { handleResponse }) }));
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(await attempts(id)).toMatchObject([{ outcome: 'done', error: expect.stringContaining(words) }]);
    await fixture.wakeAfter(86_400_000, lane);
    expect(sink.received).toHaveLength(1);
  });

  it.each<[number, string, object]>([
    [200, 'done', { outcome: 'done' }],
    [404, 'dead_letter', { outcome: 'dead_letter', cause: 'http_4xx' }],
    [503, 'retrying', { outcome: 'failed', cause: 'http_5xx' }],
  ])(
    'records the answer %i also where the host stops while handleResponse hears it',
    async (status, state, logged) => {
      const told = Promise.withResolvers<void>();
      const handleResponse = () => {
        told.resolve();
        return new Promise<never>(() => {});
      };
      await open(backendWith({ handleResponse }));
      sink.answer = (response) => response.writeHead(status).end();
      const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'out' });
      const { id } = await endpoint.queueDelivery({ payload: 1 });
      await told.promise;
      const stopping = fixture.outbound.stop(5_000);
      fixture.clock.advance(5_000);
      await stopping;
      expect(await get(id)).toMatchObject({ state, attempts: 1 });
      expect(await attempts(id)).toMatchObject([
        {
          ...logged,
          status,
          error: expect.stringMatching(/^the host gave the attempt up before handleResponse/),
        },
      ]);
      expect(sink.received).toHaveLength(1);
    },
  );

  it('makes the same bytes of a file at each attempt, and logs its hash', async () => {
    await open({}, { body: 'multipart', payload: [{ set: 'try', value: 'x' }] });
    sink.answer = (response) => response.writeHead(sink.received.length === 1 ? 503 : 200).end();
    const bytes = Buffer.from([0, 1, 254, 255]);
    const file = attachFile(bytes, { name: 'a.bin', type: 'image/png' });
    const payload = { key: API_KEY, file };
    const id = await dispatch({ payload });
    await fixture.wakeAfter(5_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 2, payload });
    const [first, second] = sink.received;
    expect([second?.body, second?.headers['content-type']]).toEqual([
      first?.body,
      first?.headers['content-type'],
    ]);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await attempts(id)).toMatchObject(
      Array(2).fill({
        request: {
          parts: [
            { name: 'key', text: '[redacted]' },
            { name: 'file', file: { name: 'a.bin', type: 'image/png', size: 4, sha256 } },
            { name: 'try', text: 'x' },
          ],
        },
      }),
    );
  });

  it('gives each hook a deadline of its own', async () => {
    const slowly = <T>(answer: T) => {
      const { promise, resolve } = Promise.withResolvers<T>();
      setImmediate(() => {
        fixture.clock.advance(20_000);
        resolve(answer);
      });
      return promise;
    };
    await open(
      backendWith({
        checkDispatchAllowed: () => slowly(undefined),
        outboundBaseUrl: () => slowly(sink.url),
        outboundHeaders: () => slowly({ 'x-slow': '1' }),
        handleDelivery: () => slowly(send()),
      }),
    );
    expect(await get(await dispatch())).toMatchObject({ state: 'done' });
    expect(sink.received).toMatchObject([{ headers: { 'x-slow': '1' } }]);
  });

  it.each<[keyof OutboundHooks, string]>([
    ['checkDispatchAllowed', 'gate'],
    ['outboundBaseUrl', 'handler'],
    ['outboundHeaders', 'handler'],
  ])('ends %s when it never answers', async (hook, cause) => {
    const never = () => {
      setImmediate(() => fixture.clock.advance(30_000));
      return new Promise<never>(() => {});
    };
    await open(backendWith({ [hook]: never }));
    const id = await dispatch();
    expect(await attempts(id)).toMatchObject([{ cause, note: `${hook}: no result within 30000 ms` }]);
    expect(await get(id)).toMatchObject({ state: 'retrying' });
  });

  it('ends hooks at their deadline and tells them', async () => {
    let signal: AbortSignal | undefined;
    await open(
      backendWith({
        handleDelivery: (_delivery, _request, context) => {
          signal = context.signal;
          setImmediate(() => fixture.clock.advance(30_000));
          return new Promise(() => {});
        },
      }),
    );
    const id = await dispatch();
    expect(await attempts(id)).toMatchObject([
      { cause: 'handler', note: 'handleDelivery: no result within 30000 ms' },
    ]);
    expect(signal?.aborted).toBe(true);
    expect(await get(id)).toMatchObject({ state: 'retrying' });
  });
});
