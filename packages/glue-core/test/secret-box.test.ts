import { randomBytes } from 'node:crypto';
import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { SecretBox } from '../src/crypto/secret-box.js';
import { refusal } from './support/refusal.js';

const place = 'backend:1:apiKey';
const box = new SecretBox(Buffer.alloc(32, 1));
const sealed = box.seal('sk_live_1234567890', place);
const [version, keyId, nonce, bytes] = sealed.split('.') as [string, string, string, string];

const refused = (words: RegExp) => refusal('GLUE_SECRET_KEY_MISSING', words);

describe('the secret box', () => {
  it('opens what it sealed', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, where) => {
        const wellFormed = text.toWellFormed();
        expect(box.open(box.seal(wellFormed, where), where)).toBe(wellFormed);
      }),
    );
  });

  it('seals the same text differently each time, and never in clear', () => {
    expect(box.seal('sk_live_1234567890', place)).not.toBe(sealed);
    expect(Buffer.from(bytes, 'base64url').toString('latin1')).not.toContain('sk_live');
  });

  it('refuses a secret that was moved to another place', () => {
    expect(() => box.open(sealed, 'backend:2:apiKey')).toThrow(refused(/backend:2:apiKey does not open/));
  });

  it('names both keys when the secret was sealed with another', () => {
    const other = new SecretBox(randomBytes(32));
    expect(() => other.open(sealed, place)).toThrow(
      refused(new RegExp(`was encrypted with key ${keyId}, this host has [0-9a-f]{8}`)),
    );
  });

  test.each([
    ['another nonce', [version, keyId, Buffer.alloc(12).toString('base64url'), bytes]],
    ['a nonce of no length', [version, keyId, '', bytes]],
    ['a changed byte', [version, keyId, nonce, `${bytes.startsWith('A') ? 'B' : 'A'}${bytes.slice(1)}`]],
    ['a cut end', [version, keyId, nonce, bytes.slice(0, -8)]],
    ['nothing inside', [version, keyId, nonce, '']],
    ['less than a tag inside', [version, keyId, nonce, 'AAAAAA']],
  ])('refuses %s', (_name, parts) => {
    expect(() => box.open(parts.join('.'), place)).toThrow(refused(/does not open: it was changed or moved/));
  });

  test.each([
    ['another version', ['v2', keyId, nonce, bytes]],
    ['too few parts', [version, keyId, nonce]],
    ['too many parts', [version, keyId, nonce, bytes, 'x']],
    ['a text in clear', ['sk_live_1234567890']],
  ])('does not know the form of %s', (_name, parts) => {
    expect(() => box.open(parts.join('.'), place)).toThrow(refused(/has an unknown form/));
  });

  it('does not take a tag that was cut to be guessed', () => {
    const [, , itsNonce, tag] = box.seal('', place).split('.') as [string, string, string, string];
    const short = Buffer.from(tag, 'base64url').subarray(0, 4).toString('base64url');
    expect(box.open([version, keyId, itsNonce, tag].join('.'), place)).toBe('');
    expect(() => box.open([version, keyId, itsNonce, short].join('.'), place)).toThrow(
      refused(/does not open/),
    );
  });

  test.each([0, 16, 31, 33])('refuses a key of %d bytes', (length) => {
    expect(() => new SecretBox(Buffer.alloc(length))).toThrow(refused(/it must have 32/));
  });
});
