import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
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
