import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactHeaders, redactionOf, secretsIn } from '../../src/dispatch/redact.js';

describe('redaction', () => {
  it.each([
    ['as it is', 'key=s3cr"t/+ä', 'key=[redacted]'],
    ['in JSON', JSON.stringify({ key: 's3cr"t/+ä' }), '{"key":"[redacted]"}'],
    ['in a URL', `?k=${encodeURIComponent('s3cr"t/+ä')}`, '?k=[redacted]'],
    ['in JSON that escapes more', String.raw`{"k":"s3cr\u0022t\/\u002B\u00e4"}`, '{"k":"[redacted]"}'],
    ['in JSON that escapes all', String.raw`{"k":"\u0073\u0033cr\"t\u002f+\u00E4"}`, '{"k":"[redacted]"}'],
    ['in base64', `k:${Buffer.from('s3cr"t/+ä').toString('base64')}`, 'k:[redacted]=='],
    ['in base64 of a URL', `k:${Buffer.from('s3cr"t/+ä').toString('base64url')}`, 'k:[redacted]'],
    ['in a form', new URLSearchParams({ k: 's3cr"t/+ä' }).toString(), 'k=[redacted]'],
  ])('finds a secret %s', (_name, text, expected) => {
    expect(redactionOf(['s3cr"t/+ä'])(text)).toBe(expected);
  });

  it.each([
    ['key=s3cr"t/', 'key=[redacted]'],
    ['key=s3cr"', 'key=s3cr"'],
    ['key=s3cr"t/+\ufffd', 'key=[redacted]'],
    [`key=${encodeURIComponent('s3cr"t/')}`, 'key=[redacted]'],
    ['key=other', 'key=other'],
  ])('finds what a cut left of a secret: %j', (text, expected) => {
    expect(redactionOf(['s3cr"t/+ä'])(text, true)).toBe(expected);
    expect(redactionOf(['s3cr"t/+ä'])(text)).toBe(text);
  });

  it('finds the value of an Authorization header in base64', () => {
    const authorization = `Basic ${Buffer.from('glue:hunter2hunter2').toString('base64')}`;
    const redact = redactionOf(secretsIn({ authorization }));
    expect(redact(`echo: ${Buffer.from(authorization).toString('base64url')}`)).toBe('echo: [redacted]');
  });

  it('takes the longer of two secrets that overlap', () => {
    expect(redactionOf(['abc', 'abcdef'])('abcdef abc')).toBe('[redacted] [redacted]');
  });

  it('leaves no secret in any text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12 }), fc.string(), fc.string(), (secret, before, after) => {
        fc.pre(!'[redacted]'.includes(secret));
        expect(redactionOf([secret])(before + secret + after)).not.toContain(secret);
      }),
    );
  });

  it('hides headers by name, and secrets in the others', () => {
    const headers = {
      authorization: 'Bearer abcdefgh',
      'set-cookie': 'sid=1',
      'x-api-key': 'k',
      'idempotency-key': 'order-7',
      'x-echo': 'token is abcdefgh',
    };
    expect(redactHeaders(headers, redactionOf(secretsIn(headers)))).toEqual({
      authorization: '[redacted]',
      'set-cookie': '[redacted]',
      'x-api-key': '[redacted]',
      'idempotency-key': 'order-7',
      'x-echo': 'token is [redacted]',
    });
  });
});
