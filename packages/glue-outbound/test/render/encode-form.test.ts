import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Json } from 'glue-core';
import qs from 'qs';
import { encodeForm } from '../../src/render/encode-form.js';
import type { FormArrays } from '../../src/render/form-fields.js';

const pairsOf = (text: string) => [...new URLSearchParams(text)];

describe('a form body', () => {
  it.each<[Json, [string, string][]]>([
    [
      { amount: 2000, currency: 'eur' },
      [
        ['amount', '2000'],
        ['currency', 'eur'],
      ],
    ],
    [
      { metadata: { order: '7', deep: { x: 1 } } },
      [
        ['metadata[order]', '7'],
        ['metadata[deep][x]', '1'],
      ],
    ],
    [
      { items: [{ price: 'p', quantity: 2 }, 'q'] },
      [
        ['items[0][price]', 'p'],
        ['items[0][quantity]', '2'],
        ['items[1]', 'q'],
      ],
    ],
    [
      { capture: true, test: false, zero: 0 },
      [
        ['capture', 'true'],
        ['test', 'false'],
        ['zero', '0'],
      ],
    ],
    [
      { unset: null, list: [], map: {} },
      [
        ['unset', ''],
        ['list', ''],
        ['map', ''],
      ],
    ],
    [{ 'a&b=c': 'ü +&=' }, [['a&b=c', 'ü +&=']]],
    [{}, []],
  ])('%j gives the pairs %j', (payload, pairs) => {
    expect(pairsOf(encodeForm(payload, 'indices'))).toEqual(pairs);
  });

  it.each<[FormArrays, Json, [string, string][]]>([
    [
      'indices',
      { a: ['x', { b: 1 }] },
      [
        ['a[0]', 'x'],
        ['a[1][b]', '1'],
      ],
    ],
    [
      'brackets',
      { a: ['x', { b: 1 }] },
      [
        ['a[]', 'x'],
        ['a[][b]', '1'],
      ],
    ],
    [
      'repeat',
      { a: ['x', false], b: { c: [1] } },
      [
        ['a', 'x'],
        ['a', 'false'],
        ['b[c]', '1'],
      ],
    ],
    ['repeat', { a: [] }, [['a', '']]],
  ])('with the style %s is made of %j', (style, payload, pairs) => {
    expect(pairsOf(encodeForm(payload, style))).toEqual(pairs);
  });

  it.each<[FormArrays, Json, string]>([
    ['brackets', { a: [[1]] }, 'indices'],
    ['repeat', { a: [{ b: 1 }] }, 'indices'],
    ['indices', { a: { $file: { base64: '' } } }, 'multipart'],
    ['indices', { $file: { base64: '' } }, 'an object'],
  ])('with the style %s is not made of %j', (style, payload, words) => {
    expect(() => encodeForm(payload, style)).toThrow(words);
  });

  it.each<FormArrays>(['indices', 'brackets', 'repeat'])(
    'is read back by qs when lists have the style %s',
    (style) => {
      const leaf = fc.string({ unit: 'grapheme' }).map((text) => text.toWellFormed());
      const name = fc.stringMatching(/^[a-z_]{1,8}$/);
      const list = fc.array(leaf, { minLength: 2, maxLength: 20 });
      fc.assert(
        fc.property(
          fc.dictionary(name, fc.oneof(leaf, list, fc.dictionary(name, list, { minKeys: 1 }))),
          (payload) => {
            expect(qs.parse(encodeForm(payload, style), { parameterLimit: 10_000 })).toEqual(
              toPlain(payload),
            );
          },
        ),
      );
    },
  );

  it.each<[Json]>([[null], ['text'], [7], [[1]]])('is not made of %j', (payload) => {
    expect(() => encodeForm(payload, 'indices')).toThrow('an object as payload');
  });

  it('gives every leaf back under the brackets of its path', () => {
    const name = fc.stringMatching(/^[a-z_]{1,8}$/);
    const leaf = fc.oneof(fc.string({ unit: 'grapheme' }), fc.integer(), fc.boolean());
    const { tree } = fc.letrec<{ tree: Json; map: Record<string, Json> }>((tie) => ({
      tree: fc.oneof(
        { maxDepth: 3 },
        leaf,
        tie('map'),
        fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      ),
      map: fc.dictionary(name, tie('tree'), { minKeys: 1, maxKeys: 3 }),
    }));
    fc.assert(
      fc.property(fc.dictionary(name, tree), (payload) => {
        expect(nested(pairsOf(encodeForm(payload, 'indices')))).toEqual(asTexts(payload));
      }),
    );
  });
});

/** As qs gives objects: with a prototype. */
const toPlain = (value: Json): unknown => JSON.parse(JSON.stringify(value));

/** Reads bracketed pairs back, as a receiver does. */
function nested(pairs: [string, string][]): unknown {
  const root: Record<string, unknown> = {};
  for (const [path, value] of pairs) {
    const names = path.replaceAll(']', '').split('[');
    let at = root;
    for (const name of names.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>;
    at[names.at(-1) ?? ''] = value;
  }
  return root;
}

function asTexts(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return String(value).toWellFormed();
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asTexts(member)]));
}
