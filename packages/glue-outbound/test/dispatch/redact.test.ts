import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { redactHeaders, redactionOf, secretsIn } from '../../src/dispatch/redact.js';

describe('redaction', () => {
  it.each([
    ['as it is', 'key=s3cr"t/+ä', 'key=[redacted]'],
    ['in JSON', JSON.stringify({ key: 's3cr"t/+ä' }), '{"key":"[redacted]"}'],
    ['in a URL', `?k=${encodeURIComponent('s3cr"t/+ä')}`, '?k=[redacted]'],
    ['in a form', new URLSearchParams({ k: 's3cr"t/+ä' }).toString(), 'k=[redacted]'],
  ])('finds a secret %s', (_name, text, expected) => {
    expect(redactionOf(['s3cr"t/+ä'])(text)).toBe(expected);
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
