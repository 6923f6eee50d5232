import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { silentLogger, type Logger, type NewDelivery } from 'glue-core';
import type { OutboundHooks } from '../../src/index.js';
import { API_KEY, FakeBackend, openFixture, type Fixture } from '../support/outbound-fixture.js';
import { flood, openRawReceiver } from '../support/raw-receiver.js';
import { openSink, type Sink } from '../support/sink.js';
import { openSqlite } from '../support/test-database.js';
import { openTokenServer, type TokenServer } from '../support/token-server.js';

describe('a delivery that carries a token of an authorization server', () => {
  let sink: Sink;
  let server: TokenServer;
  let fixture: Fixture;
  let lane: number;

  beforeEach(async () => {
    server = await openTokenServer();
    sink = await openSink();
  });
  afterEach(async () => {
    await fixture.close();
    await sink.close();
    await server.close();
  });

  interface Opening {
    readonly authentication?: object;
    readonly config?: object;
    readonly hooks?: Partial<OutboundHooks>;
    readonly logger?: Logger;
    readonly egress?: readonly string[];
    readonly allowHosts?: readonly string[];
  }
  async function open({ authentication, config, hooks = {}, ...options }: Opening = {}): Promise<void> {
    class HookedBackend extends FakeBackend {
      static override readonly type = 'fake';
    }
    Object.assign(HookedBackend.prototype, hooks);
    fixture = await openFixture(await openSqlite(), {
      ...{ allowHosts: ['127.0.0.1'], backendClass: HookedBackend, logger: silentLogger },
      ...options,
    });
    lane = await fixture.addEndpoint('out', {
      baseUrl: sink.url,
      authentication: {
        ...{ mode: 'oauth2', tokenUrl: server.url, clientId: 'glue' },
        ...{ secrets: [{ setting: 'apiKey' }], ...authentication },
      },
      ...config,
    });
  }

  const queue = async (delivery: NewDelivery = { payload: { a: 1 } }): Promise<string> => {
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'out' });
    return (await endpoint.queueDelivery(delivery)).id;
  };
  const settle = () => fixture.outbound.queue.idle();
  async function dispatch(delivery?: NewDelivery): Promise<string> {
    const id = await queue(delivery);
    await settle();
    return id;
  }
  const get = (id: string) => fixture.outbound.deliveries.get(id);
  const attempts = (id: string) => fixture.outbound.deliveries.attempts(id);
  const failuresOf = async (id: string) =>
    ((await fixture.database('glue_deliveries').where({ id }).first('failures')) as { failures: number })
      .failures;
  const sent = () => sink.received.map(({ headers }) => headers.authorization?.replace('Bearer ', ''));
  /** A receiver that takes only the newest tokens of the server. */
  const takeOnly = (tokens: () => readonly (string | undefined)[]) => {
    sink.answer = (response, { headers }) => {
      const token = headers.authorization?.replace('Bearer ', '');
      response.writeHead(tokens().includes(token) ? 200 : 401).end();
    };
  };

  it('asks for it as OAuth 2.0 has it, and sends it', async () => {
    await open({
      authentication: { scope: ['read', 'write'], audience: 'shop', resource: ['https://api.shop.example'] },
    });
    expect(await get(await dispatch())).toMatchObject({ state: 'done', attempts: 1 });
    expect(server.requests).toEqual([
      {
        authorization: `Basic ${Buffer.from(`glue:${API_KEY.replaceAll('_', '%5F')}`).toString('base64')}`,
        userAgent: expect.stringMatching(/^Glue\//),
        body: {
          ...{ grant_type: 'client_credentials', scope: 'read write', audience: 'shop' },
          resource: 'https://api.shop.example',
        },
      },
    ]);
    expect(sent()).toEqual(server.tokens);
  });

  it('asks with the secret in the body where the server wants it so', async () => {
    await open({ authentication: { clientAuthentication: 'client_secret_post' } });
    await dispatch();
    expect(server.requests).toMatchObject([
      { authorization: undefined, body: { client_id: 'glue', client_secret: API_KEY } },
    ]);
  });

  it('keeps it for all deliveries, over every reading of the endpoints, until shortly before it ends', async () => {
    await open();
    server.answer = { body: { expires_in: 3_600 } };
    await dispatch();
    await fixture.database('glue_changes').where({ topic: 'outbound' }).increment('value', 1);
    await fixture.changeFeed.look();
    fixture.clock.advance(3_569_000);
    await dispatch();
    expect(server.tokens).toHaveLength(1);
    fixture.clock.advance(1_000);
    await dispatch();
    expect(server.tokens).toHaveLength(2);
    expect(sent()).toEqual([server.tokens[0], server.tokens[0], server.tokens[1]]);
  });

  it('keeps it until it is refused where nobody says when it ends', async () => {
    await open();
    server.answer = { body: { expires_in: undefined } };
    await dispatch();
    fixture.clock.advance(365 * 86_400_000);
    await dispatch();
    expect(server.tokens).toHaveLength(1);
  });

  it('asks once for as many as wait', async () => {
    await open();
    await Promise.all(Array.from({ length: 10 }, () => queue()));
    await settle();
    expect(sink.received).toHaveLength(10);
    expect(server.requests).toHaveLength(1);
  });

  it('takes a new one where it is refused, within the same attempt, which says so', async () => {
    await open();
    await dispatch();
    takeOnly(() => server.tokens.slice(1));
    const id = await dispatch();
    expect(await get(id)).toMatchObject({ state: 'done', attempts: 1 });
    expect(sent()).toEqual([server.tokens[0], server.tokens[0], server.tokens[1]]);
    expect(await attempts(id)).toMatchObject([
      { status: 200, note: 'the receiver had answered 401 to an older token' },
    ]);
  });

  it('takes one new one for all that were refused with the same', async () => {
    await open();
    await dispatch();
    takeOnly(() => server.tokens.slice(1));
    await Promise.all(Array.from({ length: 10 }, () => queue()));
    await settle();
    expect(server.requests).toHaveLength(2);
    expect(sink.received.length).toBeGreaterThan(11);
    const { deliveries } = await fixture.outbound.deliveries.list({});
    expect(deliveries.map(({ state }) => state)).toEqual(Array(11).fill('done'));
  });

  it('is what a 401 makes of it when the new one is refused too', async () => {
    await open();
    takeOnly(() => []);
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'dead_letter',
      attempts: 1,
      note: 'the receiver answered 401; the receiver had answered 401 to an older token',
    });
    expect(await attempts(id)).toMatchObject([{ cause: 'http_4xx', status: 401 }]);
    expect(sink.received).toHaveLength(2);
    expect(server.requests).toHaveLength(2);
  });

  it('is sent once where a 401 is what the endpoint takes for accepted', async () => {
    await open({ config: { successStatuses: [401] } });
    takeOnly(() => []);
    expect(await get(await dispatch())).toMatchObject({ state: 'done' });
    expect(sink.received).toHaveLength(1);
  });

  it('tells the backend of the last answer only', async () => {
    const told: number[] = [];
    await open({ hooks: { handleResponse: (_delivery, { status }) => void told.push(status) } });
    await dispatch();
    takeOnly(() => server.tokens.slice(1));
    await dispatch();
    expect(told).toEqual([200, 200]);
  });

  it('is signed with the token that it carries, also with the second', async () => {
    const signing = {
      ...{ mode: 'hmac', digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' } },
      ...{ message: [{ header: 'authorization' }, { body: 'raw' }], secrets: [{ setting: 'apiKey' }] },
    };
    await open({ config: { signing } });
    takeOnly(() => server.tokens.slice(1));
    await dispatch();
    expect(sink.received).toHaveLength(2);
    for (const { headers, body } of sink.received)
      expect(headers['x-sig']).toBe(
        createHmac('sha256', API_KEY).update(`${headers.authorization}${body}`).digest('hex'),
      );
  });

  it('waits, without using up a retry, while the server does not know the client', async () => {
    await open();
    server.answer = { status: 401, body: { error: 'invalid_client', error_description: 'who are you?' } };
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'retrying',
      note: `the token endpoint ${server.host} answered 401: invalid_client, who are you?`,
    });
    expect(await attempts(id)).toMatchObject([{ cause: 'internal' }]);
    expect(await failuresOf(id)).toBe(0);
    server.answer = undefined;
    await fixture.wakeAfter(10_000, lane);
    expect(await get(id)).toMatchObject({ state: 'done' });
    expect(sink.received).toHaveLength(1);
  });

  it('is tried again by the policy, not before the server asks, when it is out of order', async () => {
    await open();
    server.answer = { status: 503, body: {} };
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'retrying',
      note: `the token endpoint ${server.host} answered 503`,
    });
    expect(await attempts(id)).toMatchObject([{ cause: 'http_5xx' }]);
    expect(await failuresOf(id)).toBe(1);
    expect(sink.received).toHaveLength(0);
  });

  it('is tried again by the policy when nobody answers there', async () => {
    await open();
    await server.close();
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'retrying',
      note: `the token endpoint ${server.host}: connect: ECONNREFUSED`,
    });
    expect(await attempts(id)).toMatchObject([{ cause: 'connect' }]);
    expect(await failuresOf(id)).toBe(1);
    server = await openTokenServer();
  });

  it('says both when the old token is refused and no new one is given', async () => {
    await open();
    await dispatch();
    takeOnly(() => []);
    server.answer = { status: 500, body: {} };
    const id = await dispatch();
    expect(await get(id)).toMatchObject({
      state: 'retrying',
      note: `the token endpoint ${server.host} answered 500; the receiver had answered 401 to an older token`,
    });
  });

  it('has one deadline: what the token takes is missing for the request', async () => {
    let ask = () => {};
    const asked = new Promise<void>((resolve) => (ask = resolve));
    const never = await openRawReceiver({ answer: () => ask() });
    await open({ authentication: { tokenUrl: `http://127.0.0.1:${never.port}/` } });
    const id = await queue();
    await asked;
    fixture.clock.advance(14_999);
    expect(await get(id)).toMatchObject({ state: 'processing' });
    fixture.clock.advance(1);
    await settle();
    expect(await get(id)).toMatchObject({ state: 'retrying' });
    expect(await attempts(id)).toMatchObject([
      { cause: 'timeout', note: expect.stringMatching(/token endpoint|no token from/) },
    ]);
    await never.close();
  });

  it('leaves neither secret nor token in log and answers, whoever repeats them', async () => {
    const logged: unknown[] = [];
    const keep = (...parts: readonly unknown[]) => void logged.push(parts);
    const logger: Logger = { debug: keep, info: keep, warn: keep, error: keep, child: () => logger };
    await open({ logger });
    sink.answer = (response, { headers }) => {
      response.writeHead(500, { 'x-echo': String(headers.authorization) });
      response.end(JSON.stringify(headers));
    };
    const echoing = await dispatch();
    const [token = ''] = server.tokens;
    // In Base64, as the client sent it.
    const sentSecret = server.requests[0]?.authorization?.replace('Basic ', '') ?? '';
    server.answer = {
      status: 400,
      body: {
        error: 'invalid_client',
        error_description: `no client has ${API_KEY}, nor ${token}, nor ${sentSecret}`,
      },
    };
    takeOnly(() => []);
    const refused = await dispatch();
    expect(await get(refused)).toMatchObject({
      note: expect.stringContaining('no client has [redacted], nor [redacted], nor [redacted]'),
    });
    const rows = await Promise.all(
      ['glue_delivery_attempts', 'glue_deliveries'].map((table) => fixture.database(table)),
    );
    const kept = JSON.stringify([rows, logged, await attempts(echoing), await attempts(refused)]);
    expect([token, sentSecret]).not.toContain('');
    for (const secret of [token, sentSecret, API_KEY, encodeURIComponent(token)])
      expect(kept).not.toContain(secret);
  });

  describe('asks nobody that it must not ask', () => {
    it.each<[string, Opening, string]>([
      [
        'by http where the operator does not allow the host',
        { allowHosts: [] },
        'is not asked by https, as RFC 6749 wants it, and is no host that outbound.allow.hosts names',
      ],
      [
        'at the metadata service',
        { authentication: { tokenUrl: 'https://169.254.169.254/token' } },
        '169.254.169.254 is not a public address',
      ],
      [
        'that the connector does not declare',
        {
          egress: ['127.0.0.1'],
          authentication: { tokenUrl: 'https://elsewhere.example/token' },
        },
        'the connector "fake" does not declare the host elsewhere.example in its egress',
      ],
    ])('%s', async (_who, opening, reason) => {
      // The receiver itself may be called: only the server is in question.
      const lookup = { outboundBaseUrl: () => sink.url };
      await open({ hooks: lookup, ...opening });
      const { endpoints } = fixture.outbound;
      const shown = await endpoints.getByCode(`fake-${fixture.backend.id}-out`);
      expect(shown.problems.join()).toContain(reason);
      const id = await dispatch();
      expect(await get(id)).toMatchObject({ state: 'retrying', note: expect.stringContaining(reason) });
      expect(await attempts(id)).toMatchObject([{ cause: 'blocked_address' }]);
      expect([sink.received, server.requests]).toEqual([[], []]);
    });
  });

  it('reads of an endless answer only the beginning, and ends the connection', async () => {
    const endless = await openRawReceiver({
      answer: (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n');
        flood(socket, '{"access_token":"');
      },
    });
    await open({ authentication: { tokenUrl: `http://127.0.0.1:${endless.port}/` } });
    expect(await attempts(await dispatch())).toMatchObject([{ cause: 'too_large' }]);
    await endless.closed();
    expect(sink.received).toHaveLength(0);
    await endless.close();
  });

  describe('survives a token endpoint that', () => {
    const OK = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n';
    const page = (text: string, type = 'application/json') =>
      `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ncontent-length: ${text.length}\r\n\r\n${text}`;
    it.each<[string, string, string]>([
      ['closes without an answer', '', 'reset'],
      ['speaks garbage', '\0garbage\r\n\r\n', 'protocol'],
      ['sends a page', page('<html>log in</html>', 'text/html'), 'protocol'],
      ['sends what is no JSON', page('{'), 'protocol'],
      ['sends JSON without a token', page('{"token_type":"bearer"}'), 'protocol'],
      ['sends a list', page('[]'), 'protocol'],
      ['sends a token that is a number', page('{"access_token":1,"token_type":"bearer"}'), 'protocol'],
      [
        'sends a token that is two headers',
        page('{"access_token":"a\\r\\nx: y","token_type":"bearer"}'),
        'protocol',
      ],
      ['sends a token of another kind', page('{"access_token":"a","token_type":"DPoP"}'), 'protocol'],
      [
        'sends a token with a time that is none',
        page('{"access_token":"a","token_type":"bearer","expires_in":"soon"}'),
        'protocol',
      ],
      ['refuses with 200', page('{"error":"incorrect_client_credentials"}'), 'internal'],
      ['sends more than a token', `${OK}content-length: 9000000\r\n\r\n${'x'.repeat(70_000)}`, 'too_large'],
      [
        'leads to the metadata service',
        'HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/latest/\r\ncontent-length: 0\r\n\r\n',
        'protocol',
      ],
      ['is not there', 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n', 'internal'],
      ['is gone', 'HTTP/1.1 410 Gone\r\ncontent-length: 0\r\n\r\n', 'internal'],
      ['is asked too often', 'HTTP/1.1 429 x\r\nretry-after: 60\r\ncontent-length: 0\r\n\r\n', 'throttled'],
    ])('%s', async (_what, text, cause) => {
      const hostile = await openRawReceiver({
        answer: (socket) => void (text === '' ? socket.end() : socket.write(text, 'latin1')),
      });
      await open({ authentication: { tokenUrl: `http://127.0.0.1:${hostile.port}/` } });
      const id = await dispatch();
      expect(await get(id)).toMatchObject({ state: 'retrying' });
      expect(await attempts(id)).toMatchObject([
        { cause, note: expect.stringContaining(`the token endpoint 127.0.0.1:${hostile.port}`) },
      ]);
      expect(await failuresOf(id)).toBe(cause === 'internal' ? 0 : 1);
      expect(sink.received).toHaveLength(0);
      const { endpoints } = fixture.outbound;
      expect(await endpoints.getByCode(`fake-${fixture.backend.id}-out`)).toMatchObject({ state: 'active' });
      if (cause === 'throttled') expect(fixture.wakes.at(-1)?.at).toBe(fixture.clock.now() + 60_000);
      await hostile.close();
    });
  });
});
