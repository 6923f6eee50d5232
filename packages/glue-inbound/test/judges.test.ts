import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { sign as signOctokit } from '@octokit/webhooks-methods';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import Stripe from 'stripe';
import { Webhook as SvixWebhook } from 'svix';
import { getExpectedBodyHash, getExpectedTwilioSignature } from 'twilio/lib/webhooks/webhooks.js';
import { refusalOf, type Sent } from './support/verifying.js';

/** What the vendors' own libraries sign is taken; with one byte changed it is not. */

const NOW = Date.UTC(2026, 0, 1);
const BASE = 'https://hooks.example.com';
const PATH = '/webhooks/in/x';
const BASE64_SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const json = '{"id":"evt_1","text":"Grüße, 世界","amount":1.50}';
const secrets = [{ setting: 's' }];

interface Judge {
  readonly name: string;
  readonly secret: string;
  readonly verification: object;
  sign(): Promise<Sent & { body: string }>;
}

const twilioForm: [string, string][] = [
  ['To', '+18005551212'],
  ['Body', 'Grüße & more'],
  ['MediaUrl', 'https://b'],
  ['MediaUrl', 'https://a'],
  ['MediaUrl', 'https://a'],
  ['Empty', ''],
];

const judges: Judge[] = [
  {
    name: 'stripe',
    secret: 'whsec_a',
    verification: { mode: 'hmac', preset: 'stripe', secrets },
    sign: async () => {
      const stripe = new Stripe('sk_test_x');
      const signing = { payload: json, secret: 'whsec_a', timestamp: NOW / 1000 };
      const signature = stripe.webhooks.generateTestHeaderString(signing);
      return { headers: { 'Stripe-Signature': signature }, body: json };
    },
  },
  {
    name: 'standardwebhooks',
    secret: BASE64_SECRET,
    verification: { mode: 'standard-webhooks', secrets },
    sign: async () => {
      const signature = new StandardWebhook(BASE64_SECRET).sign('msg_1', new Date(NOW), json);
      const headers = { 'webhook-id': 'msg_1', 'webhook-timestamp': String(NOW / 1000) };
      return { headers: { ...headers, 'webhook-signature': signature }, body: json };
    },
  },
  {
    name: 'svix',
    secret: BASE64_SECRET,
    verification: { mode: 'hmac', preset: 'svix', secrets },
    sign: async () => {
      const signature = new SvixWebhook(BASE64_SECRET).sign('msg_1', new Date(NOW), json);
      const headers = { 'svix-id': 'msg_1', 'svix-timestamp': String(NOW / 1000) };
      return { headers: { ...headers, 'svix-signature': signature }, body: json };
    },
  },
  {
    name: '@octokit/webhooks-methods',
    secret: 'It’s a secret',
    verification: { mode: 'hmac', preset: 'github', secrets },
    sign: async () => ({
      headers: { 'X-Hub-Signature-256': await signOctokit('It’s a secret', json) },
      body: json,
    }),
  },
  {
    name: 'twilio, a form',
    secret: 'token',
    verification: { mode: 'hmac', preset: 'twilio', secrets },
    sign: async () => {
      const url = `${PATH}?foo=1&bar=%20x`;
      const params: Record<string, string | string[]> = {};
      for (const [name, value] of twilioForm)
        params[name] = name in params ? [params[name] ?? [], value].flat() : value;
      const signature = getExpectedTwilioSignature('token', BASE + url, params);
      const body = new URLSearchParams(twilioForm).toString();
      return { url, headers: { 'X-Twilio-Signature': signature }, body };
    },
  },
  {
    name: 'twilio, JSON',
    secret: 'token',
    verification: { mode: 'hmac', preset: 'twilio', secrets },
    sign: async () => {
      const url = `${PATH}?bodySHA256=${getExpectedBodyHash(json)}`;
      const signature = getExpectedTwilioSignature('token', BASE + url, {});
      return { url, headers: { 'X-Twilio-Signature': signature }, body: json };
    },
  },
];

describe.each(judges)('what $name signs', ({ secret, verification, sign }) => {
  const receive = (sent: Sent, held = secret) =>
    refusalOf(verification, { settings: { s: held }, publicUrl: BASE, freshness: {}, nowMs: NOW }, sent);

  it('is taken', async () => {
    expect(receive(await sign())).toBeUndefined();
  });

  it('is refused when any one byte of the body is changed', async () => {
    const sent = await sign();
    const bytes = Buffer.from(sent.body);
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      expect({ at, refusal: receive({ ...sent, body: changed }) }).toEqual({
        at,
        refusal: expect.stringMatching(/^signature: /),
      });
    }
  });

  it('is refused when any one character of a header is changed', async () => {
    const sent = await sign();
    for (const [name, value] of Object.entries(sent.headers ?? {}))
      for (let at = 0; at < value.length; at += 1) {
        const text = String(value);
        const other = text[at] === '1' ? '2' : '1';
        const changed = text.slice(0, at) + other + text.slice(at + 1);
        const refusal = receive({ ...sent, headers: { ...sent.headers, [name]: changed } });
        expect({ changed, refusal }).toEqual({ changed, refusal: expect.stringMatching(/^signature: /) });
      }
  });

  it('is refused by an endpoint that holds another secret', async () => {
    const other = Buffer.from('another secret of this length').toString('base64');
    expect(receive(await sign(), other)).toBe('signature: no signature matches the bytes received');
  });
});

// Vectors of Convoy's own signing code: https://github.com/frain-dev/convoy/blob/main/pkg/signature/signature_test.go
describe('what Convoy signs', () => {
  const body = '{"b":{},"e":"123","a":1}';
  const receive = (verification: object, secret: string, signature: string, content = body) =>
    refusalOf(
      { mode: 'hmac', secrets, ...verification },
      { settings: { s: secret } },
      { headers: { 'X-Convoy-Signature': signature }, body: content },
    );
  const advanced =
    't=1257894000,v1=5b255b0b867c5540679bad7dfa11be73ffd4ee248647646fb325ccbe19167439,v1=9942b27103f8f5f5ce4cd3751524dbb7087a596487c784655a33f528cd4d7400,v1=d5589c4f5e51d74e6116c8d5db2704d76cdf88521e2cdd749d2d5091e3d6183c';

  it.each(['older-expired-secret', 'expired-secret', 'new-secret'])('is taken by %s', (secret) => {
    expect(receive({ preset: 'convoy-advanced' }, secret, advanced)).toBeUndefined();
    expect(receive({ preset: 'convoy-advanced' }, secret, advanced, `${body} `)).toMatch(/^signature: /);
    expect(receive({ preset: 'convoy-advanced' }, secret, advanced.replace('t=12', 't=13'))).toMatch(
      /^signature: /,
    );
  });

  it('is taken in the simple form, with digest and encoding of the project written over', () => {
    const base64 = 'xdz+2j9aMVQUUjSy0KUz/CsjD4jaD6wHJGGf1c3eZzrWxHTf1cAjZ3aL07O9NZXMhg5gajfi+TYuBU1aoU18xA==';
    const written = { preset: 'convoy', digest: 'sha512', encoding: 'base64' };
    expect(receive(written, 'secret', base64)).toBeUndefined();
    expect(receive({ preset: 'convoy', digest: 'sha512' }, 'secret', base64)).toMatch(/^signature: /);
    const hex = createHmac('sha256', 'secret').update(body).digest('hex');
    expect(receive({ preset: 'convoy' }, 'secret', hex)).toBeUndefined();
  });
});
