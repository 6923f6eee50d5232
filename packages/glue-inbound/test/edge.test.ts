import { createHash, createHmac } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ConnectorBackend, done } from 'glue-core';
import { InboundBackend } from '../src/inbound-backend.js';
import type { InboundEvent } from '../src/process/inbound-event.js';
import {
  githubConfig,
  openConfig,
  post,
  SECRET,
  shopSettings,
  startInbound,
  type Fixture,
} from './support/inbound-fixture.js';
import { sendRaw, statusesOf } from './support/raw-request.js';

class ShopBackend extends InboundBackend(ConnectorBackend<{ webhookSecret: string }>) {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
  static seen: InboundEvent[] = [];

  override async handleInboundEvent(event: InboundEvent) {
    ShopBackend.seen.push(event);
    return done();
  }
}

const MIB = 1024 * 1024;

describe('the edge', () => {
  let host: Fixture;
  beforeEach(async () => {
    ShopBackend.seen = [];
    host = await startInbound({
      classes: [ShopBackend],
      config: { trustedProxies: 1, maxBufferedBytes: 4 * MIB },
    });
  });
  afterEach(() => host.stop());

  const to = (path: string) => `${host.url}/webhooks/in/${path}`;
  const causes = async () => {
    await host.inbound.rejections.idle();
    return (await host.inbound.rejections.list()).map(({ cause }) => cause);
  };
  const stored = async () => (await host.inbound.events.list()).length;
  const until = async (isSo: () => boolean | Promise<boolean>) => {
    while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
  };

  it('answers 503 to an event that the database does not take, and tells the operator why', async () => {
    await host.addEndpoint({ path: 'large', config: openConfig });
    const refused = Object.assign(new Error('too large'), { errno: 1153 });
    const client = host.database.client as { transaction: () => Promise<never> };
    const transaction = jest.spyOn(client, 'transaction').mockRejectedValueOnce(refused);
    const answer = await post(to('large'), '{"id":1}');
    transaction.mockRestore();
    expect(answer).toMatchObject({ status: 503, body: { error: { code: 'unavailable' } } });
    expect(answer.headers.get('retry-after')).toBe('30');
    await host.inbound.rejections.idle();
    const detail: unknown = expect.stringMatching(/larger than the database takes.*lower limits\.maxBytes/);
    expect(await host.inbound.rejections.list()).toMatchObject([{ cause: 'configuration', detail }]);
    expect(host.logged).toContainEqual({
      fields: { endpoint: 'large', reason: detail, requests: 1 },
      message: 'requests were not accepted',
    });
    expect(await post(to('large'), '{"id":1}')).toMatchObject({ status: 202 });
  });

  describe('takes a compressed body', () => {
    const text = JSON.stringify({ id: 'é'.repeat(50) });
    beforeEach(async () => {
      const limits = { compression: ['gzip', 'deflate', 'br'], maxBytes: 2_000 };
      await host.addEndpoint({ path: 'zip', config: { ...openConfig, limits } });
    });

    it.each<[string, string, Buffer, number]>([
      ['gzip', 'gzip', gzipSync(text), 202],
      ['gzip by its old name', 'X-GZIP', gzipSync(text), 202],
      [
        'gzip in two members',
        'gzip',
        Buffer.concat([gzipSync(text.slice(0, 9)), gzipSync(text.slice(9))]),
        202,
      ],
      ['deflate', 'deflate', deflateSync(text), 202],
      ['br', ' br ', brotliCompressSync(text), 202],
      ['as much as allowed', 'gzip', gzipSync(`"${'x'.repeat(1_998)}"`), 202],
      ['one byte more', 'gzip', gzipSync(`"${'x'.repeat(1_999)}"`), 413],
      ['deflate without its wrapping', 'deflate', deflateRawSync(text), 400],
      ['something else', 'gzip', Buffer.from(text), 400],
      ['nothing', 'gzip', Buffer.alloc(0), 400],
      ['half of it', 'gzip', gzipSync(text).subarray(0, -9), 400],
      ['half of it', 'br', brotliCompressSync(text).subarray(0, -2), 400],
      ['and more', 'gzip', Buffer.concat([gzipSync(text), Buffer.from('more')]), 400],
      ['and zeros', 'gzip', Buffer.concat([gzipSync(text), Buffer.alloc(3)]), 400],
      ['and more', 'deflate', Buffer.concat([deflateSync(text), Buffer.from('more')]), 400],
      ['and more', 'br', Buffer.concat([brotliCompressSync(text), Buffer.from('more')]), 400],
      ['what holds no JSON', 'gzip', gzipSync('{'), 400],
      ['two encodings', 'gzip, gzip', gzipSync(gzipSync(text)), 415],
      ['two encodings, one of them none', 'gzip, identity', gzipSync(text), 415],
      ['an unknown encoding', 'zstd', gzipSync(text), 415],
    ])('%s (%s)', async (_what, encoding, body, status) => {
      expect((await post(to('zip'), body, { 'content-encoding': encoding })).status).toBe(status);
      expect(await stored()).toBe(status === 202 ? 1 : 0);
    });

    it('only where the endpoint says so', async () => {
      await host.addEndpoint({ path: 'br', config: { ...openConfig, limits: { compression: ['br'] } } });
      expect((await post(to('br'), gzipSync(text), { 'content-encoding': 'gzip' })).status).toBe(415);
      expect(await causes()).toEqual(['encoding']);
    });

    it('and refuses one that is encoded twice by two headers', async () => {
      const body = gzipSync(text);
      const head = `POST /webhooks/in/zip HTTP/1.1\r\nhost: x\r\ncontent-length: ${body.length}\r\n`;
      const twice = 'content-encoding: gzip\r\ncontent-encoding: gzip\r\n\r\n';
      expect(statusesOf(await sendRaw(host.port, Buffer.concat([Buffer.from(head + twice), body])))).toEqual([
        415,
      ]);
    });

    it('whose bytes as received are verified and kept, while handlers get what they hold', async () => {
      const backend = await host.addBackend('shop');
      const config = { ...githubConfig, limits: { compression: ['gzip'] } };
      await host.addEndpoint({ path: 'signed', config, backend });
      const body = gzipSync('{"a":1}');
      const sign = (bytes: string | Buffer) => ({
        'x-hub-signature-256': `sha256=${createHmac('sha256', SECRET).update(bytes).digest('hex')}`,
        'x-github-delivery': 'd-1',
        'content-encoding': 'gzip',
      });
      expect((await post(to('signed'), body, sign('{"a":1}'))).status).toBe(401);
      expect((await post(to('signed'), body, sign(body))).status).toBe(202);
      await until(() => ShopBackend.seen.length > 0);
      const [event] = ShopBackend.seen;
      expect(event?.rawBody.equals(body)).toBe(true);
      expect(event?.body).toEqual({ a: 1 });
      const { payload, content } = await host.inbound.events.get(event?.id ?? '');
      expect([payload.body.equals(body), content.toString()]).toEqual([true, '{"a":1}']);
    });

    it('and knows a delivery by what it holds, however it was compressed', async () => {
      const answers = [
        await post(to('zip'), gzipSync(text, { level: 1 }), { 'content-encoding': 'gzip' }),
        await post(to('zip'), brotliCompressSync(text), { 'content-encoding': 'br' }),
        await post(to('zip'), text),
      ];
      expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
      const [event] = await host.inbound.events.list();
      expect(event?.deliveryKey).toContain(createHash('sha256').update(text).digest('hex'));
    });
  });

  describe('keeps memory flat', () => {
    /** Most memory that Buffers took while it ran, above what they took before, in bytes. */
    async function peakOf(work: Promise<unknown>): Promise<number> {
      const before = process.memoryUsage().arrayBuffers;
      let peak = 0;
      let isRunning = true;
      void work.finally(() => (isRunning = false));
      while (isRunning) {
        peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
        await new Promise((resolve) => setImmediate(resolve));
      }
      return peak;
    }

    it('when a small body stands for a gigabyte', async () => {
      const limits = { compression: ['gzip', 'br'] };
      await host.addEndpoint({ path: 'zip', config: { ...openConfig, limits } });
      const bombs = { gzip: gzipBomb(), br: brotliCompressSync(Buffer.alloc(64 * MIB)) };
      for (const [encoding, bomb] of Object.entries(bombs)) {
        const answer = post(to('zip'), bomb, { 'content-encoding': encoding });
        const peak = await peakOf(answer);
        expect((await answer).status).toBe(413);
        expect(peak).toBeLessThan(bomb.length + 4 * MIB);
      }
      expect(await causes()).toEqual(['too_large', 'too_large']);
    });

    it('when a body without a length is a hundred times too large', async () => {
      await host.addEndpoint({ path: 'open', config: openConfig });
      const socket = connect(host.port, '127.0.0.1');
      socket.write('POST /webhooks/in/open HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
      const chunk = Buffer.concat([Buffer.from('10000\r\n'), Buffer.alloc(64 * 1024), Buffer.from('\r\n')]);
      let left = 1_600;
      const send = () => {
        while ((left -= 1) > 0 && !socket.destroyed && socket.write(chunk));
      };
      let answer = '';
      socket.on('drain', send).on('data', (data: Buffer) => (answer += data.toString()));
      const closed = new Promise((resolve) => socket.on('error', () => {}).on('close', resolve));
      send();
      const peak = await peakOf(closed);
      expect(statusesOf(answer)).toEqual([413]);
      expect(left).toBeGreaterThan(1_000);
      expect(peak).toBeLessThan(12 * MIB);
    });

    it('when one path is flooded with slow bodies, which leave room for the others', async () => {
      for (const path of ['one', 'two']) await host.addEndpoint({ path, config: openConfig });
      const slow = (path: string) =>
        new Promise<string>((resolve) => {
          const socket = connect(host.port, '127.0.0.1');
          socket.write(`POST /webhooks/in/${path} HTTP/1.1\r\nhost: x\r\ncontent-length: 700000\r\n\r\n`);
          socket.write(Buffer.alloc(600_000, ' '));
          let answer = '';
          socket.on('error', () => {}).on('close', () => resolve(answer));
          socket.on('data', (data: Buffer) => {
            answer += data.toString();
            socket.destroy();
          });
        });
      const floods = Array.from({ length: 10 }, () => slow('one'));
      // 4 MiB are there: two bodies of 700,000 bytes leave as much as they hold, a third would not.
      const refused = (await Promise.race(floods)).split('\r\n');
      expect(refused[0]).toBe('HTTP/1.1 503 Service Unavailable');
      expect(refused).toContain('retry-after: 30');
      await until(() => host.logged.some(({ message }) => message === 'requests were not accepted'));
      expect(JSON.stringify(host.logged)).toContain('inbound.maxBufferedBytes');
      expect((await post(to('two'), `"${'x'.repeat(900_000)}"`)).status).toBe(202);
      // Those that were let in are given up in time, and their room is free again.
      host.clock.advance(30_000);
      await Promise.all(floods);
      expect((await post(to('one'), `"${'x'.repeat(900_000)}"`)).status).toBe(202);
    });
  });

  it('takes the content types of the endpoint only', async () => {
    const limits = { contentTypes: ['application/json', 'application/*+json'] };
    await host.addEndpoint({ path: 'json', config: { ...openConfig, limits } });
    const statusOf = async (type: string) => (await post(to('json'), '{}', { 'content-type': type })).status;
    expect(await statusOf('application/json; charset=utf-8')).toBe(202);
    expect(await statusOf('application/vnd.api+json')).toBe(202);
    expect(await statusOf('text/plain')).toBe(415);
    expect((await fetch(to('json'), { method: 'POST', body: Buffer.from('{}') })).status).toBe(415);
    expect(await causes()).toEqual(['content_type', 'content_type']);
  });

  describe('lets in', () => {
    it('callers on the list only, behind the proxies that it knows', async () => {
      await host.addEndpoint({
        path: 'listed',
        config: { ...openConfig, limits: { addresses: ['203.0.113.0/24', '2001:db8::/32'] } },
      });
      const from = async (header: Record<string, string>) => (await post(to('listed'), '{}', header)).status;
      expect(await from({ 'x-forwarded-for': '203.0.113.7' })).toBe(202);
      expect(await from({ 'x-forwarded-for': '::ffff:203.0.113.7' })).toBe(202);
      expect(await from({ 'x-forwarded-for': '[2001:db8::1]:4711' })).toBe(202);
      expect(await from({ 'x-forwarded-for': '203.0.113.7, 198.51.100.1' })).toBe(403);
      expect(await from({ 'x-forwarded-for': 'rubbish' })).toBe(403);
      expect(await from({})).toBe(403);
      await host.inbound.rejections.idle();
      const kept = await host.inbound.rejections.list();
      expect(kept.map(({ cause, remoteAddress }) => [cause, remoteAddress]).sort()).toEqual([
        ['ip', undefined],
        ['ip', '127.0.0.1'],
        ['ip', '198.51.100.1'],
      ]);
    });

    it('as many per second as the endpoint says, and tells the others when to come again', async () => {
      const limits = { rate: { perSecond: 0.5, burst: 2 } };
      await host.addEndpoint({ path: 'rated', config: { ...openConfig, limits } });
      await host.addEndpoint({ path: 'other', config: openConfig });
      const statuses = [];
      for (let each = 0; each < 4; each += 1) statuses.push((await post(to('rated'), `${each}`)).status);
      expect(statuses).toEqual([202, 202, 429, 429]);
      host.clock.advance(700);
      const answer = await post(to('rated'), '5');
      expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '2']);
      expect(answer.body).toEqual({
        error: { code: 'too_many_requests', message: 'There are too many requests.' },
      });
      expect((await post(to('other'), '6')).status).toBe(202);
      host.clock.advance(1_300);
      expect((await post(to('rated'), '7')).status).toBe(202);
      expect(await causes()).toEqual(['rate', 'rate', 'rate']);
    });

    it('as many at once as the endpoint says', async () => {
      await host.addEndpoint({ path: 'busy', config: { ...openConfig, limits: { concurrency: 1 } } });
      const socket = connect(host.port, '127.0.0.1');
      socket.write('POST /webhooks/in/busy HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{');
      let answer: Awaited<ReturnType<typeof post>> | undefined;
      let number = 0;
      await until(async () => {
        answer = await post(to('busy'), String((number += 1)));
        return answer.status === 429;
      });
      expect(answer?.headers.get('retry-after')).toBe('1');
      const finished = new Promise((resolve) => socket.once('data', (data) => resolve(data.toString())));
      socket.write('}');
      expect(await finished).toContain('202 Accepted');
      socket.destroy();
      expect((await post(to('busy'), '"again"')).status).toBe(202);
    });

    it('nobody past the list who would use up the rate of those on it', async () => {
      const limits = { rate: { perSecond: 1, burst: 1 }, addresses: ['203.0.113.7'] };
      await host.addEndpoint({ path: 'both', config: { ...openConfig, limits } });
      expect((await post(to('both'), '1')).status).toBe(403);
      expect((await post(to('both'), '1', { 'x-forwarded-for': '203.0.113.7' })).status).toBe(202);
    });
  });

  it.each<[string, object, number, string | null, string]>([
    ['another status', { status: 200 }, 200, 'application/json; charset=utf-8', '{"status":"accepted"'],
    ['a body of its own', { status: 200, body: 'OK' }, 200, 'text/plain; charset=utf-8', 'OK'],
    ['a type of its own', { body: '<Response/>', contentType: 'text/xml' }, 202, 'text/xml', '<Response/>'],
    ['no body', { status: 200, body: '' }, 200, null, ''],
    ['no content', { status: 204, body: '' }, 204, null, ''],
  ])(
    'acknowledges with %s, a new event and a duplicate alike',
    async (_what, acknowledgement, status, type, text) => {
      await host.addEndpoint({ path: 'ack', config: { ...openConfig, acknowledgement } });
      const answers = [];
      for (let time = 0; time < 2; time += 1) {
        const response = await fetch(to('ack'), { method: 'POST', body: '{}' });
        answers.push([response.status, response.headers.get('content-type'), await response.text()]);
      }
      expect(answers[1]).toEqual(answers[0]);
      expect(answers[0]).toEqual([status, type, expect.stringContaining(text)]);
      expect(await stored()).toBe(1);
    },
  );

  it('answers fifty copies of one event alike and stores one', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    const answers = await Promise.all(Array.from({ length: 50 }, () => post(to('open'), '{"id":1}')));
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(202);
    const [event, ...more] = await host.inbound.events.list();
    expect([more.length, event?.duplicates]).toEqual([0, 49]);
  });

  it('counts what it accepts and what it refuses, also what it does not keep', async () => {
    const id = await host.addEndpoint({ path: 'open', config: openConfig });
    const draft = await host.addEndpoint({ path: 'draft', config: openConfig, state: 'draft' });
    await Promise.all([
      ...Array.from({ length: 30 }, () => post(to('open'), '{')),
      ...Array.from({ length: 3 }, () => post(to('open'), '{}')),
      post(to('draft'), '{}'),
      post(to('nobody'), '{}'),
    ]);
    host.clock.advance(1_000);
    await host.inbound.counts.flush();
    expect([...(await host.inbound.counts.list())]).toEqual([
      [id, { accepted: 3, rejected: 30 }],
      [draft, { accepted: 0, rejected: 1 }],
    ]);
  });

  describe('on the wire', () => {
    beforeEach(() => host.addEndpoint({ path: 'open', config: openConfig }));
    const head = 'POST /webhooks/in/open HTTP/1.1\r\nhost: x\r\n';

    it.each<[string, string, number[]]>([
      [
        'two requests at once',
        `${head}content-length: 1\r\n\r\n1${head}content-length: 1\r\n\r\n2`,
        [202, 202],
      ],
      [
        'a good one after a refused one',
        `${head}content-length: 1\r\n\r\n{${head}content-length: 1\r\n\r\n2`,
        [400, 202],
      ],
      [
        'a sender that waits for 100',
        `${head}expect: 100-continue\r\ncontent-length: 1\r\n\r\n1`,
        [100, 202],
      ],
      ['an expectation of something else', `${head}expect: tea\r\ncontent-length: 1\r\n\r\n1`, [417]],
      [
        'chunks with extensions and trailers',
        `${head}transfer-encoding: chunked\r\n\r\n1;a=b\r\n1\r\n0\r\nx: y\r\n\r\n`,
        [202],
      ],
      [
        'a length and chunks',
        `${head}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n`,
        [400],
      ],
      [
        'chunks of a coding that is left as it is',
        `${head}transfer-encoding: br, chunked\r\n\r\n1\r\n1\r\n0\r\n\r\n`,
        [415],
      ],
      ['chunks that are no chunks', `${head}transfer-encoding: chunked\r\n\r\nzz\r\n`, [400]],
      ['two lengths', `${head}content-length: 1\r\ncontent-length: 2\r\n\r\n12`, [400]],
      ['no host', 'POST /webhooks/in/open HTTP/1.1\r\ncontent-length: 1\r\n\r\n1', [400]],
      ['HTTP/1.0', 'POST /webhooks/in/open HTTP/1.0\r\ncontent-length: 1\r\n\r\n1', [202]],
      ['a GET with a body', 'GET /webhooks/in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1', [405]],
      ['HEAD', 'HEAD /webhooks/in/open HTTP/1.1\r\nhost: x\r\n\r\n', [405]],
      ['OPTIONS', 'OPTIONS /webhooks/in/open HTTP/1.1\r\nhost: x\r\n\r\n', [405]],
      ['TRACE', 'TRACE /webhooks/in/open HTTP/1.1\r\nhost: x\r\n\r\n', [405]],
      [
        'an encoded path',
        'POST /webhooks/in/%6fpen HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1',
        [404],
      ],
      ['a double slash', 'POST /webhooks/in//open HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1', [404]],
      [
        'a slash at the end',
        'POST /webhooks/in/open/ HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1',
        [404],
      ],
      ['dots', 'POST /webhooks/in/../in/open HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1', [404]],
      [
        'a name of objects',
        'POST /webhooks/in/__proto__ HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\n\r\n1',
        [404],
      ],
      ['a body that ends too early', `${head}content-length: 9\r\n\r\n1`, [400]],
      ['too many headers', `${head}${'a:\r\n'.repeat(5_000)}content-length: 1\r\n\r\n1`, [431]],
    ])('answers %s', async (_what, bytes, statuses) => {
      const answer = await sendRaw(host.port, bytes);
      expect(statusesOf(answer)).toEqual(statuses);
      expect(await stored()).toBe(statuses.filter((status) => status === 202).length);
    });

    it('does not announce more than it sends to HEAD', async () => {
      const answer = await sendRaw(host.port, 'HEAD /webhooks/in/open HTTP/1.1\r\nhost: x\r\n\r\n');
      expect(answer).toMatch(/\r\nallow: POST\r\n/);
      expect(answer.endsWith('\r\n\r\n')).toBe(true);
    });

    it('lets a slow drip of bytes run into the time-out', async () => {
      const socket = connect(host.port, '127.0.0.1');
      socket.write(`${head}content-length: 100\r\n\r\n`);
      let answer = '';
      socket.on('data', (data: Buffer) => (answer += data.toString()));
      await until(() => {
        if (answer === '') socket.write('1');
        host.clock.advance(500);
        return answer.includes('\r\n\r\n');
      });
      expect(answer).toContain('HTTP/1.1 408');
      expect(await causes()).toEqual(['timeout']);
      socket.destroy();
    });
  });

  it('lets the sender of a body that is far too large read the answer', async () => {
    await host.addEndpoint({ path: 'open', config: openConfig });
    const status = await new Promise((resolve, reject) => {
      const options = { port: host.port, host: '127.0.0.1', method: 'POST', path: '/webhooks/in/open' };
      const request = httpRequest({ ...options, headers: { 'content-length': 3 * MIB } }, (response) =>
        resolve(response.resume().statusCode),
      );
      request.on('error', reject).end(Buffer.alloc(3 * MIB));
    });
    expect(status).toBe(413);
  });
});

/** A gigabyte of zeros in a megabyte, without holding it. */
function gzipBomb(): Buffer {
  // Members may follow each other: sixteen times the same one.
  const member = gzipSync(Buffer.alloc(64 * MIB));
  return Buffer.concat(Array.from({ length: 16 }, () => member)).subarray(0, MIB - 1);
}
