import { describe, expect, it } from '@jest/globals';
import { createHmac } from 'node:crypto';
import { refusalOf, verifierOf, type Receiving } from './support/verifying.js';

const body = 'hello';
const verification = { mode: 'hmac', preset: 'github', secrets: [{ setting: 's' }, { setting: 'old' }] };
const signedBy = (secret: string) => ({
  headers: { 'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}` },
  body,
});
/** Which of some secrets an endpoint takes. */
const taken = (receiving: Receiving, ...secrets: string[]) =>
  secrets.filter((secret) => refusalOf(verification, receiving, signedBy(secret)) === undefined);

const AT = Date.UTC(2026, 0, 1);
const NOT_NOW =
  'configuration: no secret of the endpoint counts at this time: set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>';

describe('the secrets of an endpoint', () => {
  it.each<[string, Receiving, string[]]>([
    ['a text', { settings: { s: 'a' } }, ['a']],
    ['texts in two settings', { settings: { s: 'a', old: 'b' } }, ['a', 'b']],
    ['a list of texts', { settings: { s: ['a', 'b'] } }, ['a', 'b']],
    ['a list of texts, one of them empty', { settings: { s: ['', 'b'] } }, ['b']],
    ['a list of secrets without a window', { settings: { s: [{ secret: 'a' }, 'b'] } }, ['a', 'b']],
    ['its own', { own: { secrets: [{ id: '1', value: 'c' }] } }, ['c']],
    [
      'its own beside settings',
      { settings: { s: 'a' }, own: { secrets: [{ id: '1', value: 'c' }] } },
      ['a', 'c'],
    ],
    [
      'one that can be used beside a setting that is none',
      { settings: { s: { deep: 'a' }, old: 'b' } },
      ['b'],
    ],
  ])('are %s', (_name, receiving, expected) => {
    expect(taken(receiving, 'a', 'b', 'c', '')).toEqual(expected);
  });

  it.each<[string, object, number, boolean]>([
    ['before it opens', { notBefore: AT }, AT - 1, false],
    ['when it opens', { notBefore: AT }, AT, true],
    ['in its last millisecond', { notAfter: AT }, AT, true],
    ['after it', { notAfter: AT }, AT + 1, false],
    ['in a window of one millisecond', { notBefore: AT, notAfter: AT }, AT, true],
    ['when it opens, written as a date', { notBefore: '2026-01-01T01:00:00+01:00' }, AT, true],
    ['before it opens, written as a date', { notBefore: '2026-01-01T00:00:00Z' }, AT - 1, false],
    ['after it, written as a date', { notAfter: '2026-01-01T00:00:00.000Z' }, AT + 1, false],
  ])('count %s or not: %j at %d', (_name, window, nowMs, counts) => {
    const receivings: Receiving[] = [{ settings: { s: [{ secret: 'a', ...window }] }, nowMs }];
    if (!JSON.stringify(window).includes('Z') && !JSON.stringify(window).includes('+'))
      receivings.push({ own: { secrets: [{ id: '1', value: 'a', ...window }] }, nowMs });
    for (const receiving of receivings)
      expect(refusalOf(verification, receiving, signedBy('a'))).toBe(counts ? undefined : NOT_NOW);
  });

  it('overlap while they are rotated, without any change of the endpoint', () => {
    const settings = {
      s: [
        { secret: 'old', notAfter: AT + 10 },
        { secret: 'new', notBefore: AT },
      ],
    };
    const at = (nowMs: number) => taken({ settings, nowMs }, 'old', 'new');
    expect([at(AT - 1), at(AT), at(AT + 10), at(AT + 11)]).toEqual([
      ['old'],
      ['old', 'new'],
      ['old', 'new'],
      ['new'],
    ]);
  });

  const none = 'it has no secret to verify with';
  const wayOut =
    'set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>';
  const empty = (name: string) => `the setting "${name}" of the backend holds no secret`;
  const wrong =
    'the setting "s" of the backend is no text, list of texts or list of { secret, notBefore?, notAfter? }';
  it.each<[string, object, Receiving, string]>([
    ['without settings', {}, {}, `${none} (${empty('s')}; ${empty('old')}): ${wayOut}`],
    [
      'with empty settings',
      {},
      { settings: { s: '', old: [] } },
      `${none} (${empty('s')}; ${empty('old')}): ${wayOut}`,
    ],
    [
      'with a number',
      {},
      { settings: { s: 7, old: null } },
      `${none} (${wrong}; ${empty('old')}): ${wayOut}`,
    ],
    [
      'with a window that cannot be read',
      {},
      { settings: { s: [{ secret: 'a', notAfter: 'tomorrow' }] } },
      `${none} (${wrong}; ${empty('old')}): ${wayOut}`,
    ],
    ['where none is named', { secrets: [] }, {}, `${none} (none is named): ${wayOut}`],
    [
      'with one that does not open',
      { secrets: [] },
      { own: { problems: ['secret 1 does not open'] } },
      `${none} (secret 1 does not open): ${wayOut}`,
    ],
    [
      'with one in another encoding',
      { preset: 'svix', secrets: [{ setting: 's' }] },
      { settings: { s: 'whsec_???' } },
      `${none} (the setting "s" of the backend is not base64): ${wayOut}`,
    ],
  ])('verify nobody %s, and say the way out', (_name, own, receiving, reason) => {
    expect(() => verifierOf({ ...verification, ...own }, receiving)).toThrow(new Error(reason));
  });

  it('that cannot be used are told beside those that can', () => {
    const own = { secrets: [{ id: '7', value: 'abc' }], problems: ['secret 8 does not open'] };
    const settings = { s: '6162', old: [3] };
    const { warnings } = verifierOf({ ...verification, secretEncoding: 'hex' }, { settings, own });
    expect(warnings).toEqual([
      'the setting "old" of the backend is no text, list of texts or list of { secret, notBefore?, notAfter? }',
      'secret 8 does not open',
      "the endpoint's own secret 7 is not hex",
    ]);
  });

  it('are keys as text, in base64 or in hex', () => {
    for (const [secretEncoding, text] of [
      ['text', 'key'],
      ['base64', 'a2V5'],
      ['hex', '6b6579'],
      ['hex', '6B6579'],
    ])
      expect(
        refusalOf({ ...verification, secretEncoding }, { settings: { s: text } }, signedBy('key')),
      ).toBeUndefined();
    const prefixed = { ...verification, secretEncoding: 'base64', secretPrefix: 'whsec_' };
    expect(refusalOf(prefixed, { settings: { s: 'whsec_a2V5' } }, signedBy('key'))).toBeUndefined();
    expect(refusalOf(prefixed, { settings: { s: 'a2V5' } }, signedBy('key'))).toBeUndefined();
  });
});
