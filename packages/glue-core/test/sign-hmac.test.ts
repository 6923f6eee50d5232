import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { timestampField } from '../src/signing/header-field.js';
import { hmacPresets } from '../src/signing/hmac-presets.js';
import { completeScheme, writtenSchemeSchema, type HmacScheme } from '../src/signing/hmac-scheme.js';
import { sharedKeyOf, standardScheme } from '../src/signing/standard-webhooks.js';
import { signHmac } from '../src/signing/sign-hmac.js';
import { signedMessage } from '../src/signing/signed-message.js';

const AT = Date.UTC(2026, 0, 1);
const body = Buffer.from('{"id":1.50,"deep":{"a.b":[true]}}');
const request = { url: '/hooks?a=1', body };
const keys = ['new', 'old'].map((text) => createSecretKey(Buffer.from(text)));
const hmac = (key: string, message: string, encoding: 'hex' | 'base64') =>
  createHmac('sha256', key).update(message).digest(encoding);

function schemeOf(written: object): HmacScheme {
  const scheme = completeScheme(writtenSchemeSchema.parse(written));
  if ('problem' in scheme) throw new Error(scheme.problem);
  return scheme;
}

describe('signing', () => {
  it('makes one signature for each key, as rotation needs it, beside what is signed', () => {
    const scheme = schemeOf(hmacPresets.stripe);
    if (!scheme.timestamp) throw new Error('Stripe signs a timestamp');
    const fields = [timestampField(scheme.timestamp, AT)];
    const message = `1767225600.${body.toString()}`;
    expect(signHmac(scheme, keys, fields, request)).toEqual({
      headers: {
        'stripe-signature': `t=1767225600,v1=${hmac('new', message, 'hex')},v1=${hmac('old', message, 'hex')}`,
      },
    });
  });

  it('separates them as Standard Webhooks has it', () => {
    const [id, timestamp] = standardScheme.message;
    if (!id || !timestamp || !('header' in id) || !standardScheme.timestamp) throw new Error('no such parts');
    const fields = [{ source: id, value: 'msg_1' }, timestampField(standardScheme.timestamp, AT)];
    const message = `msg_1.1767225600.${body.toString()}`;
    expect(signHmac(standardScheme, keys, fields, request)).toEqual({
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': '1767225600',
        'webhook-signature': `v1,${hmac('new', message, 'base64')} v1,${hmac('old', message, 'base64')}`,
      },
    });
  });

  it('signs by the first key where the header is one signature', () => {
    expect(signHmac(schemeOf(hmacPresets.github), keys, [], request)).toEqual({
      headers: { 'x-hub-signature-256': `sha256=${hmac('new', body.toString(), 'hex')}` },
    });
  });

  it('says what it lacks', () => {
    expect(signHmac(schemeOf(hmacPresets.slack), keys, [], request)).toEqual({
      problem: 'the signed header x-slack-request-timestamp is missing or repeated',
    });
  });

  it('needs a secret that can sign', () => {
    const secret = Buffer.from('secret').toString('base64');
    const shared = sharedKeyOf(`whsec_${secret}`);
    expect('key' in shared && shared.key.export()).toEqual(Buffer.from('secret'));
    expect(sharedKeyOf(`whpk_${Buffer.alloc(32, 9).toString('base64')}`)).toEqual({
      problem: 'is a public key (whpk_), which verifies and cannot sign',
    });
  });
});

describe('the signed message', () => {
  const messageOf = (parts: object[], content: string | Buffer = body, url = request.url) => {
    const made = signedMessage(
      schemeOf({
        ...{ digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' }, joiner: '|' },
        ...{ message: [...parts, { body: 'raw' }], urlBase: 'https://example.com/base/' },
      }),
      {
        headers: { 'x-a': ['caf\u00e9'], 'x-b': ['p=1;q=2;p=3'], 'x-c': ['1', '2'] },
        url,
        body: Buffer.from(content),
      },
    );
    return Buffer.isBuffer(made)
      ? made.subarray(0, made.length - 1 - Buffer.byteLength(content)).toString('latin1')
      : made.problem;
  };

  it.each<[object, string]>([
    [{ literal: 'v0' }, 'v0'],
    [{ literal: 'ü' }, Buffer.from('ü').toString('latin1')],
    [{ header: 'X-A' }, 'caf\u00e9'],
    [{ header: 'X-B', part: 'q', listSeparator: ';' }, '2'],
    [{ header: 'X-B', part: 'p', listSeparator: ';' }, 'the signed header x-b is missing or repeated'],
    [{ header: 'X-C' }, 'the signed header x-c is missing or repeated'],
    [{ header: 'X-D' }, 'the signed header x-d is missing or repeated'],
    [{ url: 'full' }, 'https://example.com/base/hooks?a=1'],
    [{ json: 'id' }, '1.50'],
    [{ json: 'deep["a.b"][0]' }, 'true'],
    [{ json: 'deep' }, 'the signed JSON value is missing'],
    [{ json: 'none' }, 'the signed JSON value is missing'],
  ])('has %j as %j', (part, expected) => {
    expect(messageOf([part])).toBe(expected);
  });

  it.each<[string, string]>([
    ['b=2&a=1', 'a1b2'],
    ['a=2&a=1&a=2', 'a1a2'],
    ['a=%C3%BC&b=x+y', 'a\u00c3\u00bcbx y'],
    ['?a=1', '?a1'],
    ['&&a&=b&', 'ba'],
    ['', ''],
  ])('has the form %j as %j', (form, expected) => {
    expect(messageOf([{ form: 'sorted' }], form)).toBe(expected);
  });

  it('reads no form of more fields than anybody sends', () => {
    expect(messageOf([{ form: 'sorted' }], 'a&'.repeat(1_000))).toBe('a');
    expect(messageOf([{ form: 'sorted' }], 'a&'.repeat(1_001))).toBe('the form has over 1000 fields');
  });

  it('takes no hash that is not signed itself', () => {
    const message = [{ form: 'sorted', orHashInQuery: 'h' }];
    expect(() => schemeOf({ ...hmacPresets.twilio, message })).toThrow('the hash in the query is not signed');
  });

  it.each<[string, string]>([
    ['/hooks?h=HASH', ''],
    ['/hooks?h=UPPER', ''],
    ['/hooks', '{"id":1.50,"deep":{"a.b":[true]}}'],
    ['/hooks?h=', 'the signed hash is not that of the body'],
    ['/hooks?h=00', 'the signed hash is not that of the body'],
    ['/hooks?h=HASH&h=HASH', 'the signed hash is not that of the body'],
  ])('takes the hash in %s for the form', (url, expected) => {
    const hash = createHash('sha256').update(body).digest('hex');
    const sent = url.replaceAll('HASH', hash).replaceAll('UPPER', hash.toUpperCase());
    expect(messageOf([{ form: 'sorted', orHashInQuery: 'h' }], body, sent)).toBe(expected);
  });
});

describe('the boundaries of a signed message', () => {
  const made = (
    written: object,
    headers: Readonly<Record<string, string>>,
    { url = '/hooks', content = '{"a":"b.c"}' } = {},
  ) => {
    const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
    const scheme = schemeOf({
      ...{ digest: 'sha256', encoding: 'hex', signature: { header: 'x-sig' }, joiner: '.' },
      ...{ urlBase: 'https://example.com', ...written },
    });
    const bytes = signedMessage(scheme, { headers: lists, url, body: Buffer.from(content) });
    return Buffer.isBuffer(bytes) ? bytes.toString('latin1') : bytes;
  };
  const raw = { body: 'raw' };
  const a = { header: 'x-a' };
  const time = { header: 'x-time', format: 'iso8601' };

  it.each<[string, object, Record<string, string>, string, string]>([
    ['a header before the body', { message: [a, raw] }, { 'x-a': '1.2' }, '/', 'the signed header x-a'],
    ['a header after the body', { message: [raw, a] }, { 'x-a': '1.2' }, '/', 'the signed header x-a'],
    [
      'a part of a header',
      { message: [{ ...a, part: 't' }, raw] },
      { 'x-a': 't=1.2,v1=0' },
      '/',
      'the signed header x-a',
    ],
    ['a query', { message: [{ url: 'full' }, raw] }, {}, '/v1.0?a=1.5', 'the query of the signed URL'],
    ['a JSON value', { message: [{ json: 'a' }, { form: 'sorted' }] }, {}, '/', 'the signed JSON value'],
    [
      'a time of no such form',
      { message: [{ header: 'x-time' }, raw], timestamp: time },
      { 'x-time': '2026-01-01T00:00:00.5' },
      '/',
      'the signed header x-time',
    ],
  ])('are refused where %s holds the joiner', (_name, written, headers, url, what) => {
    expect(made(written, headers, { url })).toEqual({ problem: `${what} holds the joiner "."` });
  });

  it('are refused where the joiner begins in a value and ends beside it', () => {
    const message = [a, { header: 'x-b' }, raw];
    const problem = 'the signed header x-a holds the joiner "||"';
    expect(made({ message, joiner: '||' }, { 'x-a': '1|', 'x-b': '2' })).toEqual({ problem });
  });

  it('are clear where only the body, its JSON, the path, a literal or an ISO time holds the joiner', () => {
    const at = '2026-01-01T00:00:00.000Z';
    const message = [{ literal: 'v1.0' }, { header: 'x-time' }, { url: 'full' }, { json: 'a' }, raw];
    expect(made({ message, timestamp: time }, { 'x-time': at }, { url: '/v1.0?a' })).toBe(
      `v1.0.${at}.https://example.com/v1.0?a.b.c.{"a":"b.c"}`,
    );
    expect(made({ message: [a, raw], joiner: '' }, { 'x-a': '1.2' })).toBe('1.2{"a":"b.c"}');
  });

  it('leave one request only that any bytes can be the message of', () => {
    const headers = [a, { header: 'x-b' }];
    const messages = fc.constantFrom(
      { message: [...headers, raw], order: [0, 1, 2] },
      { message: [headers[0], raw, headers[1]], order: [0, 2, 1] },
      { message: [raw, ...headers], order: [1, 2, 0] },
    );
    const text = fc.string({ unit: fc.constantFrom('.', '|', '1'), minLength: 2, maxLength: 12 });
    let several = 0;
    fc.assert(
      fc.property(messages, fc.constantFrom('.', '||', '.1.'), text, ({ message, order }, joiner, bytes) => {
        const splits = splitsOf(bytes, joiner);
        if (splits.length > 1) several += 1;
        const taken = splits.filter((values) => {
          const [xA = '', xB = '', content = ''] = order.map((at) => values[at]);
          const signed = made({ message, joiner }, { 'x-a': xA, 'x-b': xB }, { content });
          if (typeof signed === 'string') expect(signed).toBe(bytes);
          return typeof signed === 'string';
        });
        expect(taken.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 2_000 },
    );
    expect(several).toBeGreaterThan(100);
  });
});

/** Every way to read bytes as three values with a joiner between them. */
function splitsOf(bytes: string, joiner: string): [string, string, string][] {
  const starts = [...bytes].flatMap((_, at) => (bytes.startsWith(joiner, at) ? [at] : []));
  return starts.flatMap((one) =>
    starts
      .filter((two) => two >= one + joiner.length)
      .map((two): [string, string, string] => [
        bytes.slice(0, one),
        bytes.slice(one + joiner.length, two),
        bytes.slice(two + joiner.length),
      ]),
  );
}
