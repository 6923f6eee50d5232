import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ConnectorBackend } from 'glue-core';
import { z } from 'zod';
import { inboundEndpointConfigSchema } from '../src/endpoint/endpoint-config.js';
import { InboundBackend } from '../src/inbound-backend.js';
import type { ChallengeAnswer, ChallengeRequest } from '../src/receive/challenge.js';
import { openConfig, post, shopSettings, startInbound, type Fixture } from './support/inbound-fixture.js';

const settings = shopSettings.extend({ verifyToken: z.string().optional() });

class ShopBackend extends InboundBackend(ConnectorBackend<z.output<typeof settings>>) {
  static readonly type = 'shop';
  static readonly settings = settings;
  static answer: (request: ChallengeRequest, signal: AbortSignal) => Promise<unknown>;

  override answerInboundChallenge(request: ChallengeRequest, signal: AbortSignal) {
    return ShopBackend.answer(request, signal) as Promise<ChallengeAnswer | undefined>;
  }
}

const KEY = 'a signing key';
const TOKEN = 'a token';
const signed = {
  mode: 'hmac',
  digest: 'sha256',
  encoding: 'hex',
  signature: { header: 'x-sign' },
  message: [{ body: 'raw' }],
  secrets: [{ setting: 'webhookSecret' }],
} as const;
const hmac = (text: string, encoding: 'hex' | 'base64' = 'hex') =>
  createHmac('sha256', KEY).update(text).digest(encoding);

/** As these providers ask: https://developers.facebook.com/docs/graph-api/webhooks/getting-started */
const meta = {
  method: 'GET',
  when: [
    { value: { query: 'hub.mode' }, equals: 'subscribe' },
    { value: { query: 'hub.verify_token' }, secret: { setting: 'verifyToken' } },
  ],
  answer: { text: { query: 'hub.challenge' } },
};
/** https://docs.x.com/x-api/webhooks/quickstart */
const crc = {
  method: 'GET',
  answer: {
    json: {
      response_token: {
        hmac: { of: { query: 'crc_token' }, secret: 'verification', encoding: 'base64', prefix: 'sha256=' },
      },
    },
  },
};
/** https://docs.slack.dev/reference/events/url_verification */
const slack = {
  method: 'POST',
  when: [{ value: { json: 'type' }, equals: 'url_verification' }],
  answer: { text: { json: 'challenge' } },
};
/** https://developers.zoom.us/docs/api/webhooks/#validate-your-webhook-endpoint */
const zoom = {
  method: 'POST',
  when: [{ value: { json: 'event' }, equals: 'endpoint.url_validation' }],
  answer: {
    json: {
      plainToken: { json: 'payload.plainToken' },
      encryptedToken: { hmac: { of: { json: 'payload.plainToken' }, secret: 'verification' } },
    },
  },
};
/** https://developer.okta.com/docs/concepts/event-hooks/#one-time-verification-request */
const okta = {
  method: 'GET',
  answer: { json: { verification: { header: 'X-Okta-Verification-Challenge' } } },
};

describe('a challenge', () => {
  let host: Fixture;
  beforeEach(async () => {
    ShopBackend.answer = () => Promise.resolve(undefined);
    host = await startInbound({ classes: [ShopBackend] });
  });
  afterEach(() => host.stop());

  const add = async (challenges: object[], more: object = {}) => {
    const backend = await host.addBackend('shop', { webhookSecret: KEY, verifyToken: TOKEN });
    await host.addEndpoint({ path: 'in', config: { verification: signed, challenges, ...more }, backend });
  };
  const get = async (query: string, init: RequestInit = {}) => {
    const response = await fetch(`${host.url}/webhooks/in/in?${query}`, init);
    const { status, headers } = response;
    return { status, text: await response.text(), type: headers.get('content-type'), headers };
  };
  const send = async (body: string, sign = hmac(body)) => {
    const response = await fetch(`${host.url}/webhooks/in/in`, {
      method: 'POST',
      body,
      headers: { 'x-sign': sign },
    });
    return { status: response.status, text: await response.text(), headers: response.headers };
  };
  const kept = async () => {
    await host.inbound.rejections.idle();
    return [
      await host.inbound.events.list(),
      (await host.inbound.rejections.list()).map(({ cause }) => cause),
    ];
  };

  it('by GET is answered with the value that it brings, as text that no browser takes for a page', async () => {
    await add([meta]);
    const asked = new URLSearchParams({
      'hub.mode': 'subscribe',
      'hub.verify_token': TOKEN,
      'hub.challenge': '<script>1</script>',
    }).toString();
    const { headers, ...answer } = await get(asked);
    expect(answer).toEqual({ status: 200, text: '<script>1</script>', type: 'text/plain; charset=utf-8' });
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(await get(asked, { method: 'HEAD' })).toMatchObject({ status: 200, text: '' });
    expect(await kept()).toEqual([[], []]);
  });

  it.each([
    ['a wrong token', 'hub.mode=subscribe&hub.verify_token=a%20tokex&hub.challenge=1'],
    ['a longer token', 'hub.mode=subscribe&hub.verify_token=a%20token%20&hub.challenge=1'],
    ['no token', 'hub.mode=subscribe&hub.challenge=1'],
    ['another mode', 'hub.mode=unsubscribe&hub.verify_token=a%20token&hub.challenge=1'],
    [
      'the token twice',
      'hub.mode=subscribe&hub.verify_token=a%20token&hub.verify_token=a%20token&hub.challenge=1',
    ],
    ['nothing to echo', 'hub.mode=subscribe&hub.verify_token=a%20token'],
    [
      'something too long to echo',
      `hub.mode=subscribe&hub.verify_token=a%20token&hub.challenge=${'1'.repeat(1025)}`,
    ],
    ['nothing at all', ''],
  ])('by GET with %s is refused like everything that proves nothing', async (_what, query) => {
    await add([meta]);
    expect(await get(query)).toMatchObject({
      status: 401,
      text: '{"error":{"code":"unauthorized","message":"The request could not be verified."}}',
    });
    expect(await kept()).toEqual([[], ['signature']]);
  });

  it('can be computed of what it brings', async () => {
    await add([crc], { payload: 'object' });
    expect(await get('crc_token=abc')).toMatchObject({
      status: 200,
      text: JSON.stringify({ response_token: `sha256=${hmac('abc', 'base64')}` }),
      type: 'application/json; charset=utf-8',
    });
    for (const forged of ['', '{}', '1.1', 'a b']) {
      const query = new URLSearchParams({ crc_token: forged }).toString();
      expect(await get(query)).toMatchObject({ status: 401 });
    }
  });

  it('is not computed for anybody where compressed bodies are taken: those can be letters and digits alone', () => {
    const config = { verification: { mode: 'none' }, payload: 'object', challenges: [crc] };
    expect(inboundEndpointConfigSchema.safeParse(config).success).toBe(true);
    const compressed = inboundEndpointConfigSchema.safeParse({
      ...config,
      limits: { compression: ['deflate'] },
    });
    expect(compressed.error?.issues.map(({ message }) => message)).toEqual([
      expect.stringContaining('signs what anybody asks for by GET'),
    ]);
  });

  it('can be read from a header', async () => {
    await add([okta]);
    const answer = await get('', { headers: { 'x-okta-verification-challenge': 'xyz' } });
    expect(answer).toMatchObject({ status: 200, text: '{"verification":"xyz"}' });
  });

  it('by POST is answered once it is verified, and everything else is an event', async () => {
    await add([slack, zoom]);
    expect(await send('{"type":"url_verification","challenge":"abc"}')).toMatchObject({
      status: 200,
      text: 'abc',
    });
    expect(await send('{"type":"url_verification","challenge":"abc"}', hmac('other'))).toMatchObject({
      status: 401,
    });
    const validation = '{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}';
    expect(await send(validation)).toMatchObject({
      status: 200,
      text: JSON.stringify({ plainToken: 'abc', encryptedToken: hmac('abc') }),
    });
    expect(await kept()).toEqual([[], ['signature']]);
    expect(await send('{"type":"event_callback"}')).toMatchObject({ status: 202 });
    expect(await send('{"type":"url_verification"}')).toMatchObject({ status: 202 });
  });

  it('takes any of the secrets whose time it is', async () => {
    const verification = { ...signed, secrets: [{ setting: 'oldSecrets' }] };
    const backend = await host.addBackend('shop', { webhookSecret: KEY, oldSecrets: ['one', 'two'] });
    const challenge = { ...meta, when: [{ value: { query: 't' }, secret: 'verification' }] };
    await host.addEndpoint({ path: 'in', config: { verification, challenges: [challenge] }, backend });
    for (const token of ['one', 'two']) expect((await get(`t=${token}&hub.challenge=1`)).status).toBe(200);
    expect((await get('t=three&hub.challenge=1')).status).toBe(401);
  });

  it('has a secret header that is never kept, whatever its name', async () => {
    const condition = { value: { header: 'X-Hello' }, secret: { setting: 'verifyToken' } };
    await add([{ method: 'GET', when: [condition], answer: { text: { literal: 'hi' } } }]);
    expect(await get('', { headers: { 'x-hello': TOKEN } })).toMatchObject({ status: 200, text: 'hi' });
    expect(await get('', { headers: { 'x-hello': 'almost a token' } })).toMatchObject({ status: 401 });
    await host.inbound.rejections.idle();
    expect(JSON.stringify(await host.inbound.rejections.list())).not.toContain('almost');
  });

  it('is not answered, and events are, where its secret is missing; the operator is told', async () => {
    const backend = await host.addBackend('shop', { webhookSecret: KEY });
    await host.addEndpoint({ path: 'in', config: { verification: signed, challenges: [meta] }, backend });
    expect((await get('hub.mode=subscribe&hub.verify_token=&hub.challenge=1')).status).toBe(401);
    expect((await send('{}')).status).toBe(202);
    expect(host.logged.map(({ fields }) => fields)).toContainEqual({
      endpoint: 'in',
      reason: 'the setting "verifyToken" of the backend holds no secret',
    });
  });

  it('can be left to the connector, which sees the request and what it holds', async () => {
    await add([
      { method: 'GET', answer: 'connector' },
      { method: 'POST', answer: 'connector' },
    ]);
    const seen: unknown[] = [];
    ShopBackend.answer = ({ method, url, document }) => {
      seen.push([method, url, document]);
      return Promise.resolve(method === 'GET' ? { text: 'yes' } : { json: { ok: [true] } });
    };
    expect(await get('a=b')).toMatchObject({ status: 200, text: 'yes' });
    expect(await send('{"a":1}')).toMatchObject({ status: 200, text: '{"ok":[true]}' });
    ShopBackend.answer = () => Promise.resolve(undefined);
    expect(await send('{"a":1}')).toMatchObject({ status: 202 });
    expect(await get('a=b')).toMatchObject({ status: 401 });
    expect(seen).toEqual([
      ['GET', '/webhooks/in/in?a=b', undefined],
      ['POST', '/webhooks/in/in', { a: 1 }],
    ]);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['throws', () => Promise.reject(new Error('no'))],
    ['answers something else', () => Promise.resolve({ text: 1 })],
    ['answers what is no JSON', () => Promise.resolve({ json: undefined })],
    ['answers too much', () => Promise.resolve({ text: 'x'.repeat(20_000) })],
  ])('is answered 503 where the connector %s, and logged', async (_what, answer) => {
    await add([{ method: 'GET', answer: 'connector' }]);
    ShopBackend.answer = answer;
    expect(await get('')).toMatchObject({ status: 503 });
    for (let again = 0; again < 5; again += 1) expect(await get('')).toMatchObject({ status: 503 });
    // Anybody can ask: one line a second, however often.
    const lines = host.logged.filter(({ message }) => message === 'a request could not be received');
    expect(lines).toHaveLength(1);
  });

  it('waits 2.5 s for the connector, and tells it so', async () => {
    await add([{ method: 'GET', answer: 'connector' }]);
    const asked = new Promise<AbortSignal>((resolve) => {
      ShopBackend.answer = (_request, signal) => {
        resolve(signal);
        return new Promise(() => {});
      };
    });
    const answer = get('');
    const signal = await asked;
    host.clock.advance(2_500);
    expect([signal.aborted, (await answer).status]).toEqual([true, 503]);
  });

  it('by GET is none where none is declared', async () => {
    await add([slack]);
    const { status, headers } = await get('hub.mode=subscribe');
    expect([status, headers.get('allow')]).toEqual([405, 'POST']);
  });

  it('adds its method to those that are allowed', async () => {
    await add([meta]);
    const { status, headers } = await get('', { method: 'PUT' });
    expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST']);
    expect(await post(`${host.url}/webhooks/in/in`, '{}', { 'x-sign': hmac('{}') })).toMatchObject({
      status: 202,
    });
  });

  it.each<[string, object]>([
    ['reads JSON from a GET', { challenges: [{ method: 'GET', answer: { text: { json: 'a' } } }] }],
    ['reads JSON from a payload that is not parsed', { challenges: [slack], payload: 'raw' }],
    ['signs for anybody what could be an event', { challenges: [crc], payload: 'json' }],
    ['compares with nothing', { challenges: [{ ...meta, when: [{ value: { query: 'a' } }] }] }],
    ['answers nothing', { challenges: [{ method: 'GET' }] }],
    ['answers by another method', { challenges: [{ ...meta, method: 'PUT' }] }],
  ])('is not valid when it %s', (_what, config) => {
    expect(inboundEndpointConfigSchema.safeParse({ ...openConfig, ...config }).success).toBe(false);
  });
});
