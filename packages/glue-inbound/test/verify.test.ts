import { createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { completeScheme, writtenSchemeSchema } from 'glue-core';
import fc from 'fast-check';
import Stripe from 'stripe';
import { verificationSchema } from '../src/endpoint/verification.js';
import { verifyHmac } from '../src/receive/verify-hmac.js';
import { distinct, sign } from './support/signing.js';
import { refusalOf } from './support/verifying.js';

const hmacOf = (key: string, message: string, digest = 'sha256') => createHmac(digest, key).update(message);
const body = Buffer.from('{"id":"evt_1","text":"Grüße"}');

/** Verifies a body by a configuration whose one secret is `secret`. */
function check(
  config: object,
  secret: string | string[],
  headers: Record<string, string | string[]>,
  content = body,
  url = '/webhooks/in/x',
): string | undefined {
  const verification = { mode: 'hmac', secrets: [{ setting: 's' }], ...config };
  return refusalOf(verification, { settings: { s: secret } }, { headers, url, body: content });
}

function completed(written: object) {
  const scheme = completeScheme(writtenSchemeSchema.parse(written));
  if ('problem' in scheme) throw new Error(scheme.problem);
  return scheme;
}

const noMatch = 'signature: no signature matches the bytes received';

describe('verification by a provider preset', () => {
  const v1 = (secret: string, t = '1700000000') => hmacOf(secret, `${t}.${body.toString()}`).digest('hex');
  const bodyHex = (secret: string) => hmacOf(secret, body.toString()).digest('hex');

  it('takes what the vendor’s own library signs (Stripe)', () => {
    const payload = body.toString();
    const stripe = new Stripe('sk_test_x');
    const signature = stripe.webhooks.generateTestHeaderString({
      payload,
      secret: 'whsec_a',
      timestamp: 1_700_000_000,
    });
    expect(check({ preset: 'stripe' }, 'whsec_a', { 'stripe-signature': signature })).toBeUndefined();
    expect(check({ preset: 'stripe' }, 'whsec_b', { 'stripe-signature': signature })).toBe(noMatch);
  });

  // GitHub's published example: https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries
  it('takes the example that GitHub publishes', () => {
    const signature = 'sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers = { 'x-hub-signature-256': signature };
    const config = { preset: 'github' };
    expect(
      check(config, "It's a Secret to Everybody", headers, Buffer.from('Hello, World!')),
    ).toBeUndefined();
    expect(check(config, "It's a Secret to Everybody", headers, Buffer.from('Hello, World?'))).toBe(noMatch);
  });

  // Slack's published example: https://docs.slack.dev/authentication/verifying-requests-from-slack
  it('takes the example that Slack publishes', () => {
    const content = Buffer.from(
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c',
    );
    const headers = {
      'x-slack-request-timestamp': '1531420618',
      'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
    };
    const config = { preset: 'slack' };
    expect(check(config, '8f742231b10e8888abcd99yyyzzz85a5', headers, content)).toBeUndefined();
    const later = { ...headers, 'x-slack-request-timestamp': '1531420619' };
    expect(check(config, '8f742231b10e8888abcd99yyyzzz85a5', later, content)).toBe(noMatch);
  });

  // Svix's published example: https://docs.svix.com/receiving/verifying-payloads/how-manual
  it('takes the example that Svix publishes', () => {
    const headers = {
      'svix-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'svix-timestamp': '1614265330',
      'svix-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    };
    const content = Buffer.from('{"test": 2432232314}');
    expect(
      check({ preset: 'svix' }, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', headers, content),
    ).toBeUndefined();
  });

  it.each<[string, string, string | string[], Record<string, string | string[]>, string | undefined]>([
    [
      'Stripe: one of several v1',
      'stripe',
      'a',
      { 'stripe-signature': `t=1700000000,v1=00,v1=${v1('a')}` },
      undefined,
    ],
    [
      'Stripe: blanks after commas',
      'stripe',
      'a',
      { 'stripe-signature': `t=1700000000, v1=${v1('a')}` },
      undefined,
    ],
    [
      'Stripe: a second live secret',
      'stripe',
      ['b', 'a'],
      { 'stripe-signature': `t=1700000000,v1=${v1('a')}` },
      undefined,
    ],
    ['Stripe: another time', 'stripe', 'a', { 'stripe-signature': `t=1700000001,v1=${v1('a')}` }, noMatch],
    [
      'Stripe: two times',
      'stripe',
      'a',
      { 'stripe-signature': `t=1700000000,t=1,v1=${v1('a')}` },
      'signature: the signed header stripe-signature is missing or repeated',
    ],
    [
      'Stripe: unknown versions only',
      'stripe',
      'a',
      { 'stripe-signature': `t=1700000000,v0=${v1('a')}` },
      'signature: the header stripe-signature holds no signature of the kind',
    ],
    ['Stripe: no header', 'stripe', 'a', {}, 'signature: the header stripe-signature is missing'],
    [
      'Stripe: an empty header',
      'stripe',
      'a',
      { 'stripe-signature': '' },
      'signature: the header stripe-signature holds no signature of the kind',
    ],
    ['GitHub', 'github', 'a', { 'x-hub-signature-256': `sha256=${bodyHex('a')}` }, undefined],
    [
      'GitHub: upper-case hex',
      'github',
      'a',
      { 'x-hub-signature-256': `sha256=${bodyHex('a').toUpperCase()}` },
      undefined,
    ],
    [
      'GitHub: no prefix',
      'github',
      'a',
      { 'x-hub-signature-256': bodyHex('a') },
      'signature: the header x-hub-signature-256 holds no signature of the kind',
    ],
    [
      'GitHub: cut short',
      'github',
      'a',
      { 'x-hub-signature-256': `sha256=${bodyHex('a').slice(0, 62)}` },
      noMatch,
    ],
    [
      'GitHub: rubbish behind',
      'github',
      'a',
      { 'x-hub-signature-256': `sha256=${bodyHex('a')}zz` },
      'signature: the header x-hub-signature-256 holds no signature of the kind',
    ],
    [
      'GitHub: repeated',
      'github',
      'a',
      { 'x-hub-signature-256': [`sha256=${bodyHex('a')}`, 'sha256=00'] },
      'signature: the header x-hub-signature-256 is repeated',
    ],
    ['GitHub: another secret', 'github', 'b', { 'x-hub-signature-256': `sha256=${bodyHex('a')}` }, noMatch],
    [
      'Shopify',
      'shopify',
      'a',
      { 'x-shopify-hmac-sha256': hmacOf('a', body.toString()).digest('base64') },
      undefined,
    ],
    ['Shopify: hex instead', 'shopify', 'a', { 'x-shopify-hmac-sha256': bodyHex('a') }, noMatch],
  ])('%s', (_name, preset, secret, headers, expected) => {
    expect(check({ preset }, secret, headers)).toBe(expected);
  });
});

describe('verification by a scheme as data', () => {
  // Twilio's published example: https://www.twilio.com/docs/usage/security#validating-requests
  it('signs URL and sorted form parameters, as Twilio does', () => {
    const form =
      'Digits=1234&To=%2B18005551212&From=%2B14158675310&Caller=%2B14158675310&CallSid=CA1234567890ABCDE';
    const config = {
      digest: 'sha1',
      encoding: 'base64',
      signature: { header: 'x-twilio-signature' },
      message: [{ url: 'full' }, { form: 'sorted' }],
      urlBase: 'https://example.com/',
    };
    const headers = { 'x-twilio-signature': 'L/OH5YylLD5NRKLltdqwSvS0BnU=' };
    expect(check(config, '12345', headers, Buffer.from(form), '/myapp.php?foo=1&bar=2')).toBeUndefined();
    expect(check(config, '12345', headers, Buffer.from(form), '/myapp.php?foo=1')).toBe(noMatch);
  });

  it('puts a value from the body into the message', () => {
    const config = {
      digest: 'sha512',
      encoding: 'base64url',
      signature: { header: 'x-sig' },
      message: [{ json: 'id' }, { body: 'raw' }],
      joiner: '|',
    };
    const signature = hmacOf('a', `evt_1|${body.toString()}`, 'sha512').digest('base64url');
    expect(check(config, 'a', { 'x-sig': signature })).toBeUndefined();
    expect(check(config, 'a', { 'x-sig': signature }, Buffer.from('no json'))).toBe(
      'signature: the signed JSON value cannot be read',
    );
  });

  it.each([
    ['a signed form', { message: [{ form: 'sorted' }] }],
    ['JSON of which a value is signed', { message: [{ json: 'a' }, { body: 'raw' }] }],
  ])('reads %s only where it is small: who sent it is not known yet', (_name, scheme) => {
    const config = { preset: 'github', ...scheme };
    const largest = 128 * 1024;
    const of = (size: number) => Buffer.from('{"a":"1"}'.padEnd(size));
    const covered = (content: Buffer) =>
      scheme.message.length === 1 ? content.toString() : `1${content.toString()}`;
    const headers = (content: Buffer) => ({
      'x-hub-signature-256': `sha256=${hmacOf('a', covered(content)).digest('hex')}`,
    });
    expect(check(config, 'a', headers(of(largest)), of(largest))).toBeUndefined();
    expect(check(config, 'a', headers(of(largest + 1)), of(largest + 1))).toBe(
      'signature: the body is larger than 131072 bytes, and no larger one is read before it is proven',
    );
  });

  // What these cost is bounded by size; each shape is the worst of its kind.
  it.each<[string, string]>([
    ['blanks in a form', '+'],
    ['bytes that are no UTF-8', '%ff'],
    ['lists in lists', '['],
    ['objects in objects', '{"a":'],
    ['names', '"":0,'],
  ])('answers a body of nothing but %s at once', (_name, unit) => {
    const content = Buffer.from(unit.repeat(Math.floor((16 * 1024 * 1024) / unit.length)));
    const headers = { 'x-hub-signature-256': `sha256=${'0'.repeat(64)}` };
    for (const message of [[{ form: 'sorted' }], [{ json: 'a' }, { body: 'raw' }]])
      expect(check({ preset: 'github', message }, 'a', headers, content)).toMatch(
        /^signature: the body is larger/,
      );
  });

  it('writes single fields over those of a preset', () => {
    const headers = { 'x-mine': `sha256=${hmacOf('a', body.toString()).digest('hex')}` };
    const signature = { header: 'X-Mine', prefix: 'sha256=' };
    expect(check({ preset: 'github', signature }, 'a', headers)).toBeUndefined();
  });

  it.each([
    ['no scheme and no preset', {}, 'name a preset, or write out digest, encoding, signature and message'],
    ['an unknown field', { preset: 'github', secret: 'abc' }, 'secret'],
    [
      'a message that leaves the body out',
      { preset: 'github', message: [{ literal: 'x' }] },
      'cover the body',
    ],
    [
      'a timestamp that is not signed',
      { preset: 'github', timestamp: { header: 'x-time' } },
      'the timestamp is not signed',
    ],
    ['an unknown preset', { preset: 'gitlub' }, 'preset'],
    ['a part that is none', { preset: 'github', message: [{ body: 'raw' }, { cookie: 'x' }] }, 'message'],
  ])('refuses a configuration with %s', (_name, config, problem) => {
    const parsed = verificationSchema.safeParse({ mode: 'hmac', secrets: [{ setting: 's' }], ...config });
    expect(parsed.error?.message).toContain(problem);
  });

  const anyScheme = fc
    .record({
      digest: fc.constantFrom('sha1', 'sha256', 'sha512'),
      encoding: fc.constantFrom('hex', 'base64', 'base64url'),
      signature: fc.constantFrom(
        { header: 'x-sig' },
        { header: 'x-sig', prefix: 'v0=' },
        { header: 'x-sig', part: 'v1', pairSeparator: ':' },
      ),
      message: fc.constantFrom(
        [{ body: 'raw' }],
        [{ literal: 'v0' }, { header: 'x-time' }, { body: 'raw' }],
        [{ header: 'x-id' }, { body: 'raw' }, { header: 'x-time' }],
      ),
      joiner: fc.constantFrom('', '.', ':'),
    })
    .map((scheme) => completed(scheme));
  const anyBytes = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes));

  it('takes what is signed by any scheme, and nothing of which one bit differs', () => {
    fc.assert(
      fc.property(anyScheme, anyBytes, anyBytes, fc.nat(), (scheme, key, content, at) => {
        const headers: Record<string, string> = { 'x-time': '1700000000', 'x-id': 'msg_1' };
        headers['x-sig'] = sign(scheme, key, headers, content);
        const judge = (bytes: Buffer) =>
          verifyHmac(scheme, [createSecretKey(key)], { headers: distinct(headers), url: '/', body: bytes });
        expect(judge(content)).toBeUndefined();
        const flipped = Buffer.from(content);
        const index = at % content.length;
        flipped[index] = (flipped[index] ?? 0) ^ (1 << (at % 8));
        expect(judge(flipped)?.cause).toBe('signature');
      }),
    );
  });

  it('never throws, whatever the signature header holds', () => {
    const key = Buffer.from('k');
    fc.assert(
      fc.property(anyScheme, fc.string(), anyBytes, (scheme, text, content) => {
        const headers = { 'x-sig': [text], 'x-time': ['1'], 'x-id': ['m'] };
        const refusal = verifyHmac(scheme, [createSecretKey(key)], { headers, url: '/', body: content });
        expect(refusal?.cause).toBe('signature');
      }),
    );
  });
});
