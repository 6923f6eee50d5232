import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { silentLogger, type Logger, type NewDelivery } from 'glue-core';
import { Webhook } from 'standardwebhooks';
import { send, type OutboundHooks } from '../../src/index.js';
import { FakeBackend, openFixture, type Fixture, type FixtureOptions } from '../support/outbound-fixture.js';
import { newKeyPair } from '../support/signing.js';
import { openSink, type Received, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

onEachDatabase('a delivery of an endpoint that signs', (openDatabase) => {
  let sink: Sink;
  let fixture: Fixture;
  let lane: number;

  beforeEach(async () => {
    sink = await openSink();
  });
  afterEach(async () => {
    await fixture.close();
    await sink.close();
  });

  async function open(
    config: object = { signing: { mode: 'standard-webhooks' } },
    hooks: Partial<OutboundHooks> = {},
    logger: Logger = silentLogger,
  ): Promise<void> {
    class HookedBackend extends FakeBackend {
      static override readonly type = 'fake';
    }
    Object.assign(HookedBackend.prototype, hooks);
    const options: FixtureOptions = { allowHosts: ['127.0.0.1'], backendClass: HookedBackend, logger };
    fixture = await openFixture(await openDatabase(), options);
    lane = await fixture.addEndpoint('out', { baseUrl: sink.url, ...config });
  }

  const code = () => `fake-${fixture.backend.id}-out`;
  const secrets = () => fixture.outbound.endpoints.secrets;
  const settled = async () => {
    await fixture.changeFeed.look();
    await fixture.outbound.queue.idle();
  };
  async function dispatch(delivery: NewDelivery = { payload: { a: 1 } }): Promise<string> {
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'out' });
    const { id } = await endpoint.queueDelivery(delivery);
    await fixture.outbound.queue.idle();
    return id;
  }
  const get = (id: string) => fixture.outbound.deliveries.get(id);
  /** The judge has a clock of its own, five minutes of tolerance, and a test has another time. */
  const isSignedBy = (secret: string, { headers, body }: Received): boolean => {
    const at = new Date(Number(headers['webhook-timestamp']) * 1000);
    const expected = new Webhook(secret).sign(String(headers['webhook-id']), at, body);
    return String(headers['webhook-signature']).split(' ').includes(expected);
  };

  it('has its id at each attempt, and the time of each', async () => {
    await open();
    const { value } = await secrets().add(code(), {}, 'test');
    await settled();
    sink.answer = (response) => response.writeHead(sink.received.length === 1 ? 503 : 200).end();
    const id = await dispatch();
    await fixture.wakeAfter(5_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 2 });
    expect(sink.received.map(({ headers }) => headers['webhook-id'])).toEqual([id, id]);
    const [first = 0, second = 0] = sink.received.map(({ headers }) => Number(headers['webhook-timestamp']));
    expect(second - first).toBe(5);
    expect(sink.received.map((each) => isSignedBy(value, each))).toEqual([true, true]);
  });

  it('is signed by the old and the new secret while these overlap, then by the new one', async () => {
    await open();
    const old = await secrets().add(code(), {}, 'test');
    const { added } = await secrets().rotate(code(), { overlapMs: 60_000 }, 'test');
    await settled();
    await dispatch();
    fixture.clock.advance(60_000);
    await dispatch();
    const by = (secret: string) => sink.received.map((each) => isSignedBy(secret, each));
    expect([by(old.value), by(added.value)]).toEqual([
      [true, false],
      [true, true],
    ]);
  });

  it('is held while there is no secret, and goes when there is one', async () => {
    await open();
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'held', attempts: 0 });
    await secrets().add(code(), { value: newKeyPair().privateKey }, 'test');
    await settled();
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(sink.received[0]?.headers['webhook-signature']).toMatch(/^v1a,/);
  });

  it('waits, without using up a retry, while no secret counts; nothing goes unsigned', async () => {
    await open();
    await secrets().add(code(), { notBefore: fixture.clock.now() + 30_000 }, 'test');
    await settled();
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'retrying' });
    expect(await fixture.database('glue_deliveries').first('failures')).toEqual({ failures: 0 });
    expect(await fixture.outbound.deliveries.attempts(id)).toMatchObject([{ cause: 'internal' }]);
    expect(sink.received).toHaveLength(0);
    await fixture.wakeAfter(30_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done' });
  });

  it('is signed by a setting of its backend, and by the next one as soon as that is changed', async () => {
    await open({ signing: { mode: 'hmac', preset: 'github', secrets: [{ setting: 'apiKey' }] } });
    await dispatch();
    await fixture.backends.update(fixture.backend, { settings: { apiKey: 'another' } }, 'test');
    await fixture.registry.refresh();
    await settled();
    await dispatch();
    const [first, second] = sink.received.map(({ headers }) => headers['x-hub-signature-256']);
    expect(first).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(second).not.toBe(first);
  });

  const byStripe = { signing: { mode: 'hmac', preset: 'stripe', secrets: [{ setting: 'apiKey' }] } };
  const written = { 'Stripe-Signature': 't=1,v1=00' };

  it.each<[string, Partial<OutboundHooks>]>([
    ['outboundHeaders', { outboundHeaders: () => written }],
    ['handleDelivery', { handleDelivery: () => send({ headers: written }) }],
  ])(
    'is tried again when %s writes a header of the signature, as with any other fault of a hook',
    async (hook, hooks) => {
      await open(byStripe, hooks);
      const id = await dispatch();
      expect(await get(id)).toMatchObject({
        state: 'retrying',
        note: `${hook}: what it returned cannot be sent: the header "Stripe-Signature" is written by the signing of the endpoint`,
      });
      expect(await fixture.outbound.deliveries.attempts(id)).toMatchObject([
        {
          outcome: 'failed',
          cause: 'handler',
          error: expect.stringContaining('GlueError: what it returned'),
        },
      ]);
      expect(sink.received).toHaveLength(0);
    },
  );

  it('is a dead letter when a header of the signature was queued with it, also where a hook hands it on', async () => {
    await open(byStripe, { handleDelivery: (_delivery, { headers }) => send({ headers }) });
    const id = await dispatch({ payload: 1, headers: written });
    expect(await get(id)).toMatchObject({
      state: 'dead_letter',
      note: 'the header "stripe-signature" is written by the signing of the endpoint, and was queued with the delivery too',
    });
    expect(await fixture.outbound.deliveries.attempts(id)).toMatchObject([{ cause: 'rendering' }]);
    expect(sink.received).toHaveLength(0);
  });

  it('leaves neither secret nor signature in log and answers', async () => {
    const logged: unknown[] = [];
    const keep = (...parts: readonly unknown[]) => void logged.push(parts);
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
    await open(undefined, undefined, logger);
    const { value } = await secrets().add(code(), {}, 'test');
    await settled();
    sink.answer = (response) => response.end(`your secret is ${value}`);
    const id = await dispatch({ payload: { value } });
    const attempts = await fixture.outbound.deliveries.attempts(id);
    expect(attempts).toMatchObject([
      {
        request: { headers: { 'webhook-id': id, 'webhook-signature': '[redacted]' } },
        response: { body: 'your secret is [redacted]' },
      },
    ]);
    const rows = await fixture.database('glue_delivery_attempts');
    expect(JSON.stringify([rows, attempts, logged])).not.toContain(value.slice('whsec_'.length));
  });

  it('cannot be active without a secret, which is said beside everything else', async () => {
    await open();
    const { endpoints } = fixture.outbound;
    await endpoints.create(
      { name: 'Customers', code: 'customers', config: { signing: { mode: 'hmac', preset: 'svix' } } },
      'test',
    );
    await expect(endpoints.setState('customers', 'active', 'test')).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      problems: [
        'there is no base URL: set config.baseUrl, or link it to a backend that gives one',
        'signing: it has no secret to sign with (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>',
      ],
    });
  });

  it('keeps the last secret of an active endpoint', async () => {
    await open();
    const { id } = await secrets().add(code(), {}, 'test');
    await expect(secrets().remove(code(), id, 'test')).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
    });
  });
});
