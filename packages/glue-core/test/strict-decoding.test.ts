import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeStrictly } from '../src/signing/strict-decoding.js';

describe('strict decoding', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 1 }),
        fc.constantFrom('hex', 'base64', 'base64url'),
        (bytes, encoding) => {
          expect(decodeStrictly(Buffer.from(bytes).toString(encoding), encoding)).toEqual(Buffer.from(bytes));
        },
      ),
    );
  });

  it.each([
    ['hex', 'abc'],
    ['hex', 'ab cd'],
    ['hex', 'zz'],
    ['hex', ''],
    ['base64', 'YQ'],
    ['base64', 'YR=='],
    ['base64', 'YQ==\n'],
    ['base64', '_-8='],
    ['base64url', 'YQ=='],
    ['base64url', '+/8'],
  ] as const)('refuses as %s: %j', (encoding, text) => {
    expect(decodeStrictly(text, encoding)).toBeUndefined();
  });
});
