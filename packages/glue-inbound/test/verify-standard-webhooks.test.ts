import { createHmac, generateKeyPairSync, sign as signWith, type KeyObject } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { refusalOf, verifierOf } from './support/verifying.js';

const NOW = Date.UTC(2026, 0, 1);
const AT = String(NOW / 1000);
const body = '{"type":"example.event"}';
const secretOf = (text: string) => `whsec_${Buffer.from(text).toString('base64')}`;
const v1 = (text: string, id = 'msg_1', at = AT, content = body) =>
  `v1,${createHmac('sha256', text).update(`${id}.${at}.${content}`).digest('base64')}`;

const pair = generateKeyPairSync('ed25519');
const other = generateKeyPairSync('ed25519');
const rawKey = (key: KeyObject) => Buffer.from(key.export({ format: 'jwk' }).x ?? '', 'base64url');
const publicText = (key: KeyObject) => `whpk_${rawKey(key).toString('base64')}`;
const v1a = (key: KeyObject, id = 'msg_1', at = AT, content = body) =>
  `v1a,${signWith(null, Buffer.from(`${id}.${at}.${content}`), key).toString('base64')}`;

const verification = { mode: 'standard-webhooks', secrets: [{ setting: 's' }] };
const standardHeaders = (signature: string) => ({
  'Webhook-Id': 'msg_1',
  'Webhook-Timestamp': AT,
  'Webhook-Signature': signature,
});
const receive = (
  s: string | string[],
  headers: Record<string, string | string[]>,
  content = body,
  nowMs = NOW,
) => refusalOf(verification, { settings: { s }, freshness: {}, nowMs }, { headers, body: content });

const noMatch = 'signature: no signature matches the bytes received';

describe('Standard Webhooks', () => {
  const [a, b] = [secretOf('a'), secretOf('b')];
  const [pk, otherPk] = [publicText(pair.publicKey), publicText(other.publicKey)];
  const good = v1a(pair.privateKey);

  it.each<[string, string | string[], string, string | undefined]>([
    ['v1', a, v1('a'), undefined],
    ['v1 by a secret without prefix', a.slice(6), v1('a'), undefined],
    ['v1 by another secret', b, v1('a'), noMatch],
    ['v1 by one of two secrets', [b, a], v1('a'), undefined],
    ['the second of two v1', a, `${v1('b')} ${v1('a')}`, undefined],
    ['v1 behind an unknown version', a, `v2,abc ${v1('a')}`, undefined],
    ['v1 among rubbish', a, `,, v1 v1, =x v1,??? ${v1('a')}`, undefined],
    ['unknown versions only', a, `v2,${v1('a').slice(3)}`, noMatch],
    ['v1 without padding', a, v1('a').replace(/=$/, ''), noMatch],
    ['v1 with commas instead of blanks', a, `${v1('b')},${v1('a')}`, noMatch],
    ['an empty header', a, '', noMatch],
    ['v1a', pk, good, undefined],
    ['v1a by another key', otherPk, good, noMatch],
    ['v1a by one of two keys', [otherPk, pk], good, undefined],
    ['v1a beside v1, by the public key', pk, `${v1('b')} ${good}`, undefined],
    ['v1a beside v1, by the secret', b, `${v1('b')} ${good}`, undefined],
    ['v1a by a mix of secret and public key', [a, pk], good, undefined],
    ['a v1a signature named v1', [a, pk], good.replace('v1a', 'v1'), noMatch],
    ['a v1 signature named v1a', [a, pk], v1('a').replace('v1', 'v1a'), noMatch],
    [
      'v1a cut short',
      pk,
      `v1a,${Buffer.from(good.slice(4), 'base64').subarray(1).toString('base64')}`,
      noMatch,
    ],
    ['a public key used as a secret', pk, v1(rawKey(pair.publicKey).toString('latin1')), noMatch],
  ])('%s', (_name, secrets, signature, expected) => {
    expect(receive(secrets, standardHeaders(signature))).toBe(expected);
  });

  it.each([
    ['v1', a, v1('a', 'msg_1', AT, `hello.${AT}.more`)],
    ['v1a', pk, v1a(pair.privateKey, 'msg_1', AT, `hello.${AT}.more`)],
  ])('lets %s cover one id, time and body only', (_name, held, signature) => {
    const headers = standardHeaders(signature);
    expect(receive(held, headers, `hello.${AT}.more`)).toBeUndefined();
    const shifted = { ...headers, 'Webhook-Id': `msg_1.${AT}.hello` };
    const refused = 'signature: the signed header webhook-id holds the joiner "."';
    expect(receive(held, shifted, 'more')).toBe(refused);
    const unlimited = { maxAgeSeconds: 0, maxFutureSeconds: 0 };
    const means = { settings: { s: held }, freshness: unlimited, nowMs: NOW };
    expect(refusalOf(verification, means, { headers: shifted, body: 'more' })).toBe(refused);
  });

  it('looks at eight asymmetric signatures, no more', () => {
    const bad = Array.from({ length: 8 }, () => v1a(other.privateKey));
    expect(receive(pk, standardHeaders([...bad.slice(1), good].join(' ')))).toBeUndefined();
    expect(receive(pk, standardHeaders([...bad, good].join(' ')))).toBe(noMatch);
  });

  it.each(['v1', 'v1a'])('signs id, timestamp and body (%s)', (version) => {
    const sign = version === 'v1' ? v1('a') : good;
    const held = version === 'v1' ? a : pk;
    const headers = standardHeaders(sign);
    expect(receive(held, headers)).toBeUndefined();
    expect(receive(held, headers, `${body} `)).toBe(noMatch);
    expect(receive(held, { ...headers, 'Webhook-Id': 'msg_2' })).toBe(noMatch);
    expect(receive(held, { ...headers, 'Webhook-Timestamp': String(NOW / 1000 + 1) })).toBe(noMatch);
  });

  it.each(['Webhook-Id', 'Webhook-Timestamp', 'Webhook-Signature'])('needs one %s, and only one', (name) => {
    const headers: Record<string, string | string[]> = standardHeaders(v1('a'));
    const value = String(headers[name]);
    expect(receive(a, { ...headers, [name]: [value, value] })).toMatch(/^signature: .*repeated/);
    delete headers[name];
    expect(receive(a, headers)).toMatch(/^signature: .*missing/);
  });

  it.each([
    ['as old as allowed', 300, undefined],
    ['older', 301, 'freshness: the timestamp is more than 300 s old'],
    ['as far ahead as allowed', -300, undefined],
    ['further ahead', -301, 'freshness: the timestamp is more than 300 s ahead'],
  ])('refuses what is not fresh: %s', (_name, seconds, expected) => {
    expect(receive(a, standardHeaders(v1('a')), body, NOW + seconds * 1000)).toBe(expected);
  });

  it.each([
    [
      'the private key',
      `whsk_${Buffer.alloc(32).toString('base64')}`,
      "is the sender's private key (whsk_): give the public one (whpk_)",
    ],
    ['a public key of another length', `whpk_${Buffer.alloc(31).toString('base64')}`, 'is no public key'],
    ['a public key in hex', `whpk_${'0'.repeat(63)}`, 'is no public key'],
    ['a secret that is not base64', 'whsec_*', 'is not base64'],
  ])('cannot use %s', (_name, s, problem) => {
    expect(() => verifierOf(verification, { settings: { s } })).toThrow(problem);
  });
});
