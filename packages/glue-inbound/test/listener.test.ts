import { createHmac } from 'node:crypto';
import { createServer, request as httpRequest } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectorBackend } from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import type { RejectionFilter } from '../src/store/rejection-log.js';
import {
  githubConfig,
  openConfig,
  post,
  SECRET,
  shopSettings,
  startInbound,
  until,
  type Fixture,
} from './support/inbound-fixture.js';

class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
}

const signature = (body: string, secret = SECRET) => ({
  'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  'x-github-delivery': 'd-1',
  'x-github-event': 'push',
});

const error = (code: string, message: string) => ({ error: { code, message } });
const notFound = error('not_found', 'There is nothing here.');
const unproven = error('unauthorized', 'The request could not be verified.');
const malformed = error('bad_request', 'The request is malformed.');
const later = error('unavailable', 'Try again later.');

describe('the listener', () => {
  let host: Fixture;
  let backend: { type: string; id: number };

  beforeEach(async () => {
    host = await startInbound({ classes: [ShopBackend] });
    backend = await host.addBackend('shop');
  });
  afterEach(() => host.stop());

  const to = (path: string) => `${host.url}/webhooks/in/${path}`;
  const rejections = async (filter: RejectionFilter = {}) => {
    await host.inbound.rejections.idle();
    return host.inbound.rejections.list(filter);
  };
  it('answers 503 with Retry-After while the disk is full, keeps nothing of it, and takes events again when there is room', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    const { database } = host;
    const [{ page_count: used }] = await database.raw('PRAGMA page_count');
    const [{ max_page_count: most }] = await database.raw('PRAGMA max_page_count');
    await database.raw(`PRAGMA max_page_count = ${used}`);
    const send = (name: string) => post(to('open'), JSON.stringify({ name, long: 'x'.repeat(200_000) }));
    const refused = await Promise.all(['a', 'b', 'c'].map(send));
    for (const { status, headers, body } of refused) {
      expect([status, headers.get('retry-after')]).toEqual([503, '30']);
      expect(body).toEqual(later);
    }
    expect(await host.inbound.events.list()).toEqual([]);
    expect(host.logged).toContainEqual(
      expect.objectContaining({
        fields: expect.objectContaining({ reason: expect.stringContaining('is full: make room on it') }),
      }),
    );
    await database.raw(`PRAGMA max_page_count = ${most}`);
    // What is away is tried again every 200 ms.
    host.clock.advance(200);
    expect((await send('a')).status).toBe(202);
    await host.inbound.queue.idle();
    expect(await host.inbound.events.list()).toMatchObject([{ state: 'done' }]);
  });

  it('stores a proven request and answers 202 with the event’s id, a duplicate the same', async () => {
    await host.addEndpoint({ path: 'github', config: githubConfig, backend });
    const body = '{ "ref":"main" }';
    const first = await post(to('github?hook=1'), body, { ...signature(body), authorization: 'Bearer x' });
    const [event] = await host.inbound.events.list();
    expect(first).toMatchObject({ status: 202, body: { status: 'accepted', event_id: event?.id } });
    expect(first.headers.get('content-type')).toBe('application/json; charset=utf-8');
    const second = await post(to('github'), body, signature(body));
    expect(second).toMatchObject({ status: 202, body: first.body });

    const stored = await host.inbound.events.get(event?.id ?? '');
    expect(stored).toMatchObject({ type: 'push', deliveryKey: 'd-1', backend: 'shop,1', duplicates: 1 });
    expect(stored.payload.body.toString()).toBe(body);
    expect(stored.payload.headers).toMatchObject({ 'x-github-event': ['push'] });
    expect(stored.payload.headers).not.toHaveProperty('authorization');
    expect(await rejections()).toEqual([]);
  });

  it('answers 404 alike for what is unknown and what is not active, and tells them apart in the log', async () => {
    await host.addEndpoint({ path: 'draft', config: openConfig, state: 'draft' });
    await host.addEndpoint({ path: 'old', config: openConfig, state: 'archived' });
    for (const path of ['nobody', 'draft', 'old', 'draft/', 'a%2Fb', ''])
      expect(await post(to(path), '{}')).toMatchObject({ status: 404, body: notFound });
    const seen = (await rejections()).map(({ cause, path }) => `${cause} ${path}`).sort();
    expect(seen).toEqual([
      'endpoint_inactive draft',
      'endpoint_inactive old',
      'unknown_endpoint ',
      'unknown_endpoint a%2Fb',
      'unknown_endpoint draft/',
      'unknown_endpoint nobody',
    ]);
  });

  it('answers other methods with 405 and Allow', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    for (const method of ['GET', 'PUT', 'DELETE', 'OPTIONS']) {
      const response = await fetch(to('open'), { method });
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
    }
    expect((await rejections()).map(({ cause }) => cause)).toEqual(Array(4).fill('method'));
  });

  it.each<[string, string, Record<string, string>, number, object, string]>([
    ['no signature', '{}', {}, 401, unproven, 'signature'],
    ['a wrong signature', '{}', signature('{ }'), 401, unproven, 'signature'],
    ['rubbish for a signature', '{}', { 'x-hub-signature-256': 'sha256=%%%' }, 401, unproven, 'signature'],
    ['a body that is no JSON', '{', signature('{'), 400, malformed, 'payload'],
    ['a body that is no object', '[]', signature('[]'), 400, malformed, 'payload'],
    ['no delivery id', '{}', { ...signature('{}'), 'x-github-delivery': '' }, 400, malformed, 'validation'],
  ])('refuses %s', async (_name, body, headers, status, answer, cause) => {
    const endpointId = await host.addEndpoint({ path: 'github', config: githubConfig, backend });
    expect(await post(to('github'), body, headers)).toMatchObject({ status, body: answer });
    expect(await rejections()).toMatchObject([
      {
        cause,
        endpointId,
        path: 'github',
        // What is not proven is not kept.
        bodyExcerpt: status === 401 ? undefined : Buffer.from(body),
        remoteAddress: '127.0.0.1',
      },
    ]);
    expect(await host.inbound.events.list()).toEqual([]);
  });

  it('refuses a stale request like a forged one', async () => {
    const verification = { mode: 'hmac', preset: 'stripe', secrets: [{ setting: 'webhookSecret' }] };
    await host.addEndpoint({ path: 'stripe', config: { verification }, backend });
    const signed = (at: number) => {
      const v1 = createHmac('sha256', SECRET).update(`${at}.{}`).digest('hex');
      return { 'stripe-signature': `t=${at},v1=${v1}` };
    };
    const now = host.clock.now() / 1000;
    expect(await post(to('stripe'), '{}', signed(now - 301))).toMatchObject({ status: 401, body: unproven });
    expect(await post(to('stripe'), '{}', signed(now - 300))).toMatchObject({ status: 202 });
    expect((await rejections()).map(({ cause }) => cause)).toEqual(['freshness']);
  });

  it('keeps no signature, neither of an event nor of a rejection', async () => {
    const id = await host.addEndpoint({ path: 'github', config: githubConfig, backend });
    const right = signature('{}');
    expect(await post(to('github'), '{}', right)).toMatchObject({ status: 202 });
    expect(await post(to('github'), '[]', right)).toMatchObject({ status: 401 });
    const [event] = await host.inbound.events.list();
    const kept = JSON.stringify([await host.inbound.events.get(event?.id ?? ''), await rejections(), id]);
    expect(kept).not.toContain(right['x-hub-signature-256']?.slice(-20));
  });

  it('reads a body of one-byte chunks into little more than its size', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    const status = await new Promise((resolve, reject) => {
      const options = { port: host.port, host: '127.0.0.1', method: 'POST', path: '/webhooks/in/open' };
      const request = httpRequest(options, (response) => resolve(response.resume().statusCode)).on(
        'error',
        reject,
      );
      const text = `{"id":"${'x'.repeat(20_000)}"}`;
      for (const byte of text) request.write(byte);
      request.end();
    });
    expect(status).toBe(202);
    const [event] = await host.inbound.events.list();
    expect((await host.inbound.events.get(event?.id ?? '')).payload.body).toHaveLength(20_009);
  });

  it('refuses a repeated signature header', async () => {
    await host.addEndpoint({ path: 'github', config: githubConfig, backend });
    const name = 'X-Hub-Signature-256';
    const right = signature('{}')['x-hub-signature-256'];
    const status = await new Promise((resolve, reject) => {
      const headers = ['content-length', '2', name, right, name, right, 'host', 'x'];
      const options = { port: host.port, host: '127.0.0.1', method: 'POST', path: '/webhooks/in/github' };
      httpRequest({ ...options, headers }, (response) => resolve(response.resume().statusCode))
        .on('error', reject)
        .end('{}');
    });
    expect(status).toBe(401);
    expect(await rejections()).toMatchObject([{ detail: 'the header x-hub-signature-256 is repeated' }]);
  });

  it('asks to come again while the backend is disabled, and takes requests when it is back', async () => {
    await host.addEndpoint({ path: 'github', config: githubConfig, backend });
    await host.backends.update(backend, { active: false }, 'test');
    await host.look();
    const answer = await post(to('github'), '{}', signature('{}'));
    expect(answer).toMatchObject({ status: 503, body: later });
    expect(answer.headers.get('retry-after')).toBe('30');
    expect(await rejections()).toMatchObject([
      { cause: 'configuration', detail: 'backend shop,1: the backend is disabled' },
    ]);
    await host.backends.update(backend, { active: true }, 'test');
    await host.look();
    expect(await post(to('github'), '{}', signature('{}'))).toMatchObject({ status: 202 });
  });

  it.each([
    ['a backend that is gone', { config: githubConfig, backend: { type: 'shop', id: 99 } }],
    [
      'a setting without a secret',
      { config: { verification: { mode: 'hmac', preset: 'github', secrets: [{ setting: 'other' }] } } },
    ],
    ['a configuration that is not valid', { config: { verification: { mode: 'hope' } } }],
    ['no verification at all', { config: {} }],
    ['a handler that nobody offers', { config: openConfig, handler: 'shop:nobody' }],
  ])('asks to come again on %s, and tells the operator once', async (_name, endpoint) => {
    await host.addEndpoint({ path: 'bad', ...endpoint });
    await host.addEndpoint({ path: 'good', config: openConfig });
    expect(await post(to('bad'), '{}', signature('{}'))).toMatchObject({ status: 503, body: later });
    expect(await rejections()).toMatchObject([{ cause: 'configuration', path: 'bad' }]);
    const told = host.logged.filter(
      ({ message }) => message === 'an active inbound endpoint cannot take requests',
    );
    expect(told).toHaveLength(1);
    expect(await post(to('good'), '{}')).toMatchObject({ status: 202 });
  });

  describe('reading the body', () => {
    beforeEach(() =>
      host.addEndpoint({
        path: 'open',
        config: { ...openConfig, payload: 'raw', limits: { maxBytes: 100, bodyTimeoutMs: 1_000 } },
      }),
    );

    it('takes as many bytes as allowed', async () => {
      expect(await post(to('open'), 'x'.repeat(100))).toMatchObject({ status: 202 });
      expect(await post(to('open'), 'x'.repeat(101))).toMatchObject({
        status: 413,
        body: error('too_large', 'The body is too large.'),
      });
      expect(await rejections()).toMatchObject([{ cause: 'too_large' }]);
    });

    it('lets the sender of a far too large body read the answer', async () => {
      expect(await post(to('open'), Buffer.alloc(3_000_000))).toMatchObject({ status: 413 });
    });

    it('counts a streamed body, which has no length', async () => {
      const body = new ReadableStream({
        start(controller) {
          for (let part = 0; part < 11; part += 1) controller.enqueue(Buffer.alloc(10));
          controller.close();
        },
      });
      const response = await fetch(to('open'), { method: 'POST', body, duplex: 'half' } as RequestInit);
      expect(response.status).toBe(413);
    });

    it('refuses a compressed body', async () => {
      const compressed = await post(to('open'), gzipSync('{}'), { 'content-encoding': 'gzip' });
      expect(compressed).toMatchObject({ status: 415 });
      expect(await post(to('open'), '{}', { 'content-encoding': 'identity' })).toMatchObject({ status: 202 });
      expect(await rejections()).toMatchObject([{ cause: 'encoding' }]);
    });

    it('gives a slow body up', async () => {
      const socket = connect(host.port, '127.0.0.1');
      socket.write('POST /webhooks/in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
      let answer = '';
      socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
      // The clock stands still, so the deadline counts from whenever the server has begun to read.
      await until(() => {
        host.clock.advance(1_000);
        return answer.includes('\r\n\r\n');
      });
      expect(answer).toContain('HTTP/1.1 408');
      expect(await rejections()).toMatchObject([
        { cause: 'timeout', detail: 'the body was not complete within 1000 ms' },
      ]);
      const closed = new Promise((resolve) => socket.on('close', resolve));
      host.clock.advance(60_000);
      await closed;
    });

    it('records a caller who leaves before the announced end, and stores nothing', async () => {
      const socket = connect(host.port, '127.0.0.1');
      socket.end('POST /webhooks/in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc');
      await until(async () => (await rejections()).length > 0);
      expect(await rejections()).toMatchObject([{ cause: 'payload', remoteAddress: '127.0.0.1' }]);
      expect(await host.inbound.events.list()).toEqual([]);
    });
  });

  it('says once of an endpoint without verification that anybody can post to it', async () => {
    await host.addEndpoint({ path: 'draft', config: openConfig, state: 'draft' });
    await host.addEndpoint({ path: 'open', config: openConfig });
    await host.look();
    await host.look();
    expect(host.logged.filter(({ message }) => message.includes('not verified'))).toEqual([
      {
        message: 'an active inbound endpoint is not verified: anybody can post to it',
        fields: { endpoint: 'open' },
      },
    ]);
  });

  it('answers 503, stores nothing and stays up while the database is away', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    await host.database.schema.renameTable('glue_events', 'away');
    expect(await post(to('open'), '{}')).toMatchObject({ status: 503, body: later });
    const lines = () => host.logged.filter(({ message }) => message === 'requests were not accepted');
    expect(lines()).toHaveLength(1);
    await Promise.all(Array.from({ length: 5 }, () => post(to('open'), '{}')));
    expect(lines()).toHaveLength(1);
    host.clock.advance(1_000);
    await post(to('open'), '{}');
    expect(lines()).toMatchObject([{}, { fields: { requests: 6 } }]);
    await host.database.schema.renameTable('away', 'glue_events');
    expect(await post(to('open'), '{}')).toMatchObject({ status: 202 });
  });

  it('refuses everything new once it is told to', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    host.inbound.refuse();
    const answer = await post(to('open'), '{}');
    expect([answer.status, answer.headers.get('retry-after'), answer.headers.get('connection')]).toEqual([
      503,
      '30',
      'close',
    ]);
  });

  it('never answers 500, whatever the request line and headers', async () => {
    await host.addEndpoint({ path: 'github', config: githubConfig, backend });
    const values = [
      '',
      ',',
      '=',
      't=,v1=',
      'sha256=',
      'é',
      'x'.repeat(4000),
      '\t',
      'sha256=' + '0'.repeat(64),
    ];
    for (const value of values) {
      const answer = await post(to('github'), '\u0000', {
        'x-hub-signature-256': value,
        'x-github-delivery': value,
      });
      expect(answer.status).toBe(401);
    }
  });

  it('keeps a bounded number of rejections and counts the rest', async () => {
    const answers = await Promise.all(Array.from({ length: 110 }, () => post(to('nobody'), '{}')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]));
    expect(await rejections({ limit: 200 })).toHaveLength(100);
    expect(host.inbound.rejections.dropped).toBe(10);
    host.clock.advance(6_000);
    await post(to('nobody'), '{}');
    expect(await rejections({ limit: 1 })).toMatchObject([{ droppedBefore: 10 }]);
  });

  it('keeps secrets out of what it stores of a refused request', async () => {
    await post(to('nobody'), 'x', {
      authorization: 'Basic xyzzy',
      'x-gitlab-token': 'xyzzy',
      cookie: 'xyzzy',
      'x-long': 'y'.repeat(5000),
    });
    const [rejection] = await rejections();
    expect(JSON.stringify(rejection)).not.toContain('xyzzy');
    expect(rejection?.headers['x-long']?.[0]).toHaveLength(256);
  });

  it('leaves other URLs to the next listener, unread, and goes by the original URL', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    const server = createServer((request, response) => {
      const mounted = Object.assign(request, { originalUrl: request.url, url: '/cut' });
      host.inbound.listener(mounted, response, () => request.pipe(response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const echoed = await fetch(`${base}/elsewhere`, { method: 'POST', body: 'untouched' });
    expect(await echoed.text()).toBe('untouched');
    expect(await post(`${base}/webhooks/in/open`, '{}')).toMatchObject({ status: 202 });
    await new Promise((resolve) => server.close(resolve));
  });

  it('says so when a body parser was there before', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    const server = createServer((request, response) => {
      request.resume().on('end', () => host.inbound.listener(request, response));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    expect(await post(`${base}/webhooks/in/open`, '{}')).toMatchObject({ status: 503 });
    expect(await rejections()).toMatchObject([{ cause: 'configuration' }]);
    await new Promise((resolve) => server.close(resolve));
  });
});
