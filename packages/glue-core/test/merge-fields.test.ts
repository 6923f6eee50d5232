import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeFields, type Fields } from '../src/seeds/merge-fields.js';

const field = (value: string | undefined): Fields => (value === undefined ? {} : { x: value });

describe('merging a seed into a record', () => {
  // What was applied last, what the record holds, what the seed says now → what the record holds then.
  test.each<[string, string?, string?, string?, string?, ('updated' | 'conflicts')?]>([
    ['nothing anywhere'],
    ['a new field of the seed', undefined, undefined, 'w', 'w', 'updated'],
    ['a field of the operator alone', undefined, 'p', undefined, 'p'],
    ['a new field of the seed that the operator has already', undefined, 'p', 'p', 'p'],
    ['a new field of the seed that the operator has otherwise', undefined, 'p', 'w', 'p', 'conflicts'],
    ['a field that both removed', 'a', undefined, undefined, undefined],
    ['a field that the operator removed', 'a', undefined, 'a', undefined],
    ['a field that the operator removed and the seed changed', 'a', undefined, 'w', undefined, 'conflicts'],
    ['a field that the seed removed', 'a', 'a', undefined, undefined, 'updated'],
    ['a field that the seed removed and the operator edited', 'a', 'p', undefined, 'p', 'conflicts'],
    ['no change', 'a', 'a', 'a', 'a'],
    ['a change of the seed', 'a', 'a', 'w', 'w', 'updated'],
    ['an edit of the operator', 'a', 'p', 'a', 'p'],
    ['the same change by both', 'a', 'w', 'w', 'w'],
    ['different changes by both', 'a', 'p', 'w', 'p', 'conflicts'],
  ])('%s', (_name, applied, present, wanted, expected, list) => {
    expect(mergeFields(field(applied), field(present), field(wanted))).toEqual({
      values: field(expected),
      updated: list === 'updated' ? ['x'] : [],
      conflicts: list === 'conflicts' ? ['x'] : [],
    });
  });

  it('compares values, not references, and whole fields, not their parts', () => {
    const applied = { rule: { a: [1, 2] } };
    expect(mergeFields(applied, { rule: { a: [1, 2] } }, { rule: { a: [1, 2] } }).updated).toEqual([]);
    expect(mergeFields(applied, { rule: { a: [1, 2], b: 1 } }, { rule: { a: [3] } })).toEqual({
      values: { rule: { a: [1, 2], b: 1 } },
      updated: [],
      conflicts: ['rule'],
    });
  });

  const fields = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), fc.jsonValue({ maxDepth: 2 }), {
    noNullPrototype: true,
  });

  it('a second time changes nothing and has no conflict', () => {
    fc.assert(
      fc.property(fields, fields, fields, (applied, present, wanted) => {
        const once = mergeFields(applied, present, wanted);
        const twice = mergeFields(wanted, once.values, wanted);
        expect(twice).toEqual({ values: once.values, updated: [], conflicts: [] });
      }),
    );
  });

  it('changes nothing that it does not report', () => {
    fc.assert(
      fc.property(fields, fields, fields, (applied, present, wanted) => {
        const { values, updated, conflicts } = mergeFields(applied, present, wanted);
        for (const name of new Set([...Object.keys(present), ...Object.keys(values)])) {
          if (!updated.includes(name)) expect(values[name]).toEqual(present[name]);
        }
        expect(updated.filter((name) => conflicts.includes(name))).toEqual([]);
      }),
    );
  });
});
