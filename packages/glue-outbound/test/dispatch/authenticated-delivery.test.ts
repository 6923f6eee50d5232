import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { silentLogger, type Logger, type NewDelivery } from 'glue-core';
import { send, type OutboundHooks } from '../../src/index.js';
import {
  API_KEY,
  FakeBackend,
  openFixture,
  type Fixture,
  type FixtureOptions,
} from '../support/outbound-fixture.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

const bySetting = { secrets: [{ setting: 'apiKey' }] };

onEachDatabase('a delivery of an endpoint that says who calls', (openDatabase) => {
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
    config: object,
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
  const authorizations = () => sink.received.map(({ headers }) => headers.authorization);

  it('has the setting of its backend, and the next one as soon as that is changed', async () => {
    await open({ authentication: { mode: 'bearer', ...bySetting } });
    await dispatch();
    await fixture.backends.update(fixture.backend, { settings: { apiKey: 'another' } }, 'test');
    await fixture.registry.refresh();
    await settled();
    await dispatch();
    expect(authorizations()).toEqual([`Bearer ${API_KEY}`, 'Bearer another']);
  });

  it('is held while there is no secret, and goes when there is one', async () => {
    await open({ authentication: { mode: 'basic', username: 'u' } });
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'held', attempts: 0 });
    await secrets().add(code(), { value: 'for signing' }, 'test');
    await settled();
    expect(await get(id)).toMatchObject({ state: 'held', attempts: 0 });
    await secrets().add(code(), { value: 'p', usedFor: 'authentication' }, 'test');
    await settled();
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(authorizations()).toEqual([`Basic ${Buffer.from('u:p').toString('base64')}`]);
  });

  it('waits, without using up a retry, while no secret counts', async () => {
    await open({ authentication: { mode: 'bearer' } });
    const notBefore = fixture.clock.now() + 30_000;
    await secrets().add(code(), { value: 'later', usedFor: 'authentication', notBefore }, 'test');
    await settled();
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'retrying' });
    expect(await fixture.database('glue_deliveries').first('failures')).toEqual({ failures: 0 });
    expect(sink.received).toHaveLength(0);
    await fixture.wakeAfter(30_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done' });
  });

  it.each<[string, Partial<OutboundHooks>]>([
    ['outboundHeaders', { outboundHeaders: () => ({ Authorization: 'Bearer mine' }) }],
    ['handleDelivery', { handleDelivery: () => send({ headers: { Authorization: 'Bearer mine' } }) }],
  ])('is tried again when %s writes the header', async (hook, hooks) => {
    await open({ authentication: { mode: 'bearer', ...bySetting } }, hooks);
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'retrying',
      note: `${hook}: what it returned cannot be sent: the header "Authorization" is written by the authentication of the endpoint`,
    });
    expect(await fixture.outbound.deliveries.attempts(id)).toMatchObject([{ cause: 'handler' }]);
    expect(sink.received).toHaveLength(0);
  });

  it('is a dead letter when it was queued with the header', async () => {
    await open({ authentication: { mode: 'bearer', ...bySetting } });
    const id = await dispatch({ headers: { authorization: 'Bearer mine' } });
    expect(await get(id)).toMatchObject({
      state: 'dead_letter',
      note: 'the header "authorization" is written by the authentication of the endpoint, and was queued with the delivery too',
    });
    expect(sink.received).toHaveLength(0);
  });

  it('is a dead letter when handleDelivery writes the key into the query', async () => {
    await open(
      { authentication: { mode: 'api-key', key: { query: 'key' }, ...bySetting } },
      { handleDelivery: (_delivery, { url }) => send({ url: `${url}?key=mine` }) },
    );
    expect(await get(await dispatch())).toMatchObject({ state: 'dead_letter' });
    expect(sink.received).toHaveLength(0);
  });

  it('is signed after it is authenticated: a signature may cover what was written', async () => {
    await open({
      authentication: { mode: 'bearer', ...bySetting },
      signing: {
        ...{ mode: 'hmac', digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' } },
        ...{ message: [{ header: 'authorization' }, { body: 'raw' }], ...bySetting },
      },
    });
    expect(await get(await dispatch())).toMatchObject({ state: 'done' });
    const expected = createHmac('sha256', API_KEY).update(`Bearer ${API_KEY}{"a":1}`).digest('hex');
    expect(sink.received[0]?.headers).toMatchObject({
      authorization: `Bearer ${API_KEY}`,
      'x-sig': expected,
    });
  });

  it.each<[string, object, (secret: string) => string]>([
    ['basic', { mode: 'basic', username: 'u' }, (s) => Buffer.from(`u:${s}`).toString('base64')],
    ['bearer', { mode: 'bearer' }, (s) => `Bearer ${s}`],
    ['a header', { mode: 'api-key', key: { header: 'x-shop-stamp' } }, (s) => s],
    ['the query', { mode: 'api-key', key: { query: 'k' } }, (s) => encodeURIComponent(s)],
  ])('leaves no secret in log and answers: %s', async (_where, authentication, sentAs) => {
    const logged: unknown[] = [];
    const keep = (...parts: readonly unknown[]) => void logged.push(parts);
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
    await open({ authentication }, undefined, logger);
    const value = 'tok+en/of-the.shop==';
    const added = await secrets().add(code(), { value, usedFor: 'authentication' }, 'test');
    await settled();
    sink.answer = (response, { url, headers }) => {
      response.writeHead(500, { 'x-echo': sentAs(value) });
      response.end(`you sent ${url} ${JSON.stringify(headers)}, which is ${value}`);
    };
    const id = await dispatch();
    expect(sink.received[0]?.url + JSON.stringify(sink.received[0]?.headers)).toContain(sentAs(value));
    const attempts = await fixture.outbound.deliveries.attempts(id);
    expect(attempts).toMatchObject([{ response: { body: expect.stringContaining('[redacted]') } }]);
    const rows = await Promise.all(
      ['glue_delivery_attempts', 'glue_deliveries', 'glue_outbound_secrets', 'glue_audit'].map((table) =>
        fixture.database(table),
      ),
    );
    const kept = JSON.stringify([rows, attempts, logged, await secrets().list(code()), await get(id)]);
    expect(kept).not.toContain(value);
    expect(kept).not.toContain(sentAs(value));
    expect(kept).not.toContain(encodeURIComponent(value));
    expect(added.usedFor).toBe('authentication');
  });

  it('cannot be active without a secret, which is said beside everything else', async () => {
    await open({});
    const { endpoints } = fixture.outbound;
    await endpoints.create(
      { name: 'C', code: 'c', config: { authentication: { mode: 'api-key', key: { header: 'x-key' } } } },
      'test',
    );
    await expect(endpoints.setState('c', 'active', 'test')).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      problems: [
        'there is no base URL: set config.baseUrl, or link it to a backend that gives one',
        'authentication: it has no secret to send (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code> --for authentication',
      ],
    });
  });

  it('keeps the last secret of an active endpoint', async () => {
    await open({ authentication: { mode: 'bearer' } });
    const { id } = await secrets().add(code(), { value: 't', usedFor: 'authentication' }, 'test');
    await expect(secrets().remove(code(), id, 'test')).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
    });
  });
});
