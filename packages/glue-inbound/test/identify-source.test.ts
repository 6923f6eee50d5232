import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inboundEndpointConfigSchema } from '../src/endpoint/endpoint-config.js';
import type { SemanticFunction } from '../src/endpoint/semantic-functions.js';
import type { Transform } from '../src/endpoint/source.js';
import { body, identityOf, read, sha256, type Sources } from './support/identifying.js';

describe('semantics', () => {
  it.each<[string, Sources, string | undefined]>([
    ['a header, by any case of its name', [{ header: 'X-Topic' }], 'orders/create'],
    ['a named part of a header', [{ header: 'x-parts', part: 'b' }], '2'],
    ['a repeated header', [{ header: 'x-twice' }], undefined],
    ['a JSON path', [{ json: 'id' }], 'evt_1'],
    ['an index in a list', [{ json: 'list[0].id' }], '7'],
    ['a name with a dot', [{ json: '$["a.b"]' }], 'dotted'],
    ['zero', [{ json: 'n' }], '0'],
    ['false', [{ json: 'no' }], 'false'],
    ['null, then the next source', [{ json: 'none' }, { literal: 'fallback' }], 'fallback'],
    ['blank text, then the next source', [{ json: 'blank' }, { json: 'id' }], 'evt_1'],
    ['an object, then nothing', [{ json: 'list[0]' }], undefined],
    ['what objects inherit', [{ json: 'constructor.name' }], undefined],
    ['the length of a list', [{ json: 'list.length' }], undefined],
    ['a number that JavaScript would round', [{ json: 'big' }], '12345678901234567891'],
    ['a query value', [{ query: 'tenant' }], 'acme co'],
    ['an empty query value', [{ query: 'empty' }], undefined],
    ['the hash of the body', [{ body: 'sha256' }], sha256(body)],
    ['text that is longer than any name', [{ json: 'long' }, { json: 'id' }], 'evt_1'],
    ['the hash of such text', [{ json: 'long', transforms: ['hash'] }], sha256('x'.repeat(20_000))],
  ])('reads %s', (_name, sources, expected) => {
    expect(read(sources)).toBe(expected);
  });

  it('has no entry for a name without a value', () => {
    expect(identityOf({ semantics: { topic: [{ json: 'none' }] } })).toMatchObject({ semantics: {} });
    expect(identityOf({ semantics: { topic: [{ json: 'none' }] } })).not.toHaveProperty('semantics.topic');
  });
});

describe('transforms', () => {
  it.each<[Transform[], string, string | undefined]>([
    [['trim'], '  A b ', 'A b'],
    [['lower'], 'ÄB', 'äb'],
    [['upper'], 'straße', 'STRASSE'],
    [['hash'], 'evt_1', sha256('evt_1')],
    [['trim', 'lower', 'hash'], ' EVT_1\n', sha256('evt_1')],
    [['hash', 'upper'], 'evt_1', sha256('evt_1').toUpperCase()],
  ])('%j of %j', (transforms, value, expected) => {
    expect(read([{ json: 'v', transforms }], { body: JSON.stringify({ v: value }) })).toBe(expected);
  });

  it('do what they are called, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1, unit: 'binary' }), (value) => {
        const body = JSON.stringify({ v: value });
        const by = (...transforms: Transform[]) => read([{ json: 'v', transforms }], { body });
        const blank = value.trim() === '';
        expect(by('trim')).toBe(blank ? undefined : value.trim());
        expect(by('lower')).toBe(blank ? undefined : value.toLowerCase());
        expect(by('upper')).toBe(blank ? undefined : value.toUpperCase());
        expect(by('hash')).toBe(blank ? undefined : sha256(value));
        expect(by('trim', 'trim')).toBe(by('trim'));
      }),
    );
  });

  it('hash texts without a UTF-8 form apart', () => {
    const hashes = ['\\ud800', '\\ud801', '\\ufffd'].map((escape) =>
      read([{ json: 'v', transforms: ['hash'] }], { body: `{"v":"a${escape}"}` }),
    );
    expect(new Set(hashes).size).toBe(3);
  });
});

describe('a join', () => {
  it('is the values of its sources in order, each transformed, then the whole', () => {
    const body = '{"a":"X","b":"y"}';
    const join: Sources[number] = {
      join: [{ json: 'a' }, { json: 'b', transforms: ['upper'] }],
      separator: '/',
    };
    expect(read([join], { body })).toBe('X/Y');
    expect(read([{ ...join, transforms: ['lower', 'hash'] }], { body })).toBe(sha256('x/y'));
    expect(read([{ join: [{ literal: 'shop' }, { json: 'a' }] }], { body })).toBe('shopX');
  });

  it('has a value exactly when all of its sources have one', () => {
    const value = fc.oneof(fc.string(), fc.constant(null), fc.boolean(), fc.integer());
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 2, maxLength: 8 }),
        fc.string({ maxLength: 16 }),
        (values, separator) => {
          const body = JSON.stringify({ v: values });
          const join = values.map((_value, index) => ({ json: `v[${index}]` }));
          const single = join.map((source) => read([source], { body }));
          const expected = single.includes(undefined) ? undefined : single.join(separator);
          expect(read([{ join, separator }], { body })).toBe(expected);
        },
      ),
    );
  });

  it.each([
    ['of one source', { join: [{ json: 'a' }] }],
    ['within a join', { join: [{ json: 'a' }, { join: [{ json: 'a' }, { json: 'b' }] }] }],
  ])('is refused %s', (_name, join) => {
    const semantics = { topic: [join] };
    expect(inboundEndpointConfigSchema.safeParse({ verification: { mode: 'none' }, semantics }).success).toBe(
      false,
    );
  });
});

describe('a semantic function', () => {
  it('gets the proven request and gives a value like any other source', () => {
    const seen: unknown[][] = [];
    const topic = read([{ json: 'none' }, { connector: 'account', transforms: ['upper'] }], {
      offered: { account: (...given) => (seen.push(given), 'acct_1') },
    });
    expect(topic).toBe('ACCT_1');
    expect(seen).toEqual([
      [
        {
          headers: expect.objectContaining({ 'x-topic': ['orders/create'] }) as unknown,
          url: '/webhooks/in/x?tenant=acme%20co&empty=',
          body: Buffer.from(body),
        },
        JSON.parse(body) as unknown,
      ],
    ]);
  });

  it.each([
    [0, '0'],
    [false, 'false'],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
  ])('that gives %j', (value, expected) => {
    expect(read([{ connector: 'account' }], { offered: { account: () => value } })).toBe(expected);
  });

  it.each<[string, () => unknown, string]>([
    ['throws', () => JSON.parse('card 4111'), 'threw SyntaxError'],
    ['throws what is no error', throwText, 'threw something that is no error'],
    ['is asynchronous', () => Promise.reject(new Error('late')), 'returned neither'],
    ['gives an object', () => ({}), 'returned neither'],
    ['gives no number', () => NaN, 'returned neither'],
  ])('that %s has the request refused, by its name', (_name, account, detail) => {
    const refusal = read([{ connector: 'account' }], { offered: { account: account as SemanticFunction } });
    expect(refusal).toMatchObject({
      cause: 'configuration',
      detail: expect.stringContaining(`semantic function "account" of backend shop,1 ${detail}`) as unknown,
    });
  });

  it('that nobody offers has the request refused', () => {
    expect(read([{ connector: 'account' }])).toMatchObject({ cause: 'configuration' });
  });
});

function throwText(): never {
  throw 'card 4111';
}
