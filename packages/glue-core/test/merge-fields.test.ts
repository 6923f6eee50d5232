import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { mergeFields, type Fields } from '../src/seeds/merge-fields.js';

const field = (value: string): Fields => (value === '' ? {} : { x: value });

describe('merging a seed into a record', () => {
  // An empty text stands for a field that is not there.
  test.each`
    what                                                         | applied | present | wanted | values | result
    ${'nothing anywhere'}                                        | ${''}   | ${''}   | ${''}  | ${''}  | ${''}
    ${'a new field of the seed'}                                 | ${''}   | ${''}   | ${'w'} | ${'w'} | ${'updated'}
    ${'a field of the operator alone'}                           | ${''}   | ${'p'}  | ${''}  | ${'p'} | ${''}
    ${'a new field of the seed that the operator has already'}   | ${''}   | ${'p'}  | ${'p'} | ${'p'} | ${''}
    ${'a new field of the seed that the operator has otherwise'} | ${''}   | ${'p'}  | ${'w'} | ${'p'} | ${'conflict'}
    ${'a field that both removed'}                               | ${'a'}  | ${''}   | ${''}  | ${''}  | ${''}
    ${'a field that the operator removed'}                       | ${'a'}  | ${''}   | ${'a'} | ${''}  | ${''}
    ${'a field that the operator removed and the seed changed'}  | ${'a'}  | ${''}   | ${'w'} | ${''}  | ${'conflict'}
    ${'a field that the seed removed'}                           | ${'a'}  | ${'a'}  | ${''}  | ${''}  | ${'updated'}
    ${'a field that the seed removed and the operator edited'}   | ${'a'}  | ${'p'}  | ${''}  | ${'p'} | ${'conflict'}
    ${'no change'}                                               | ${'a'}  | ${'a'}  | ${'a'} | ${'a'} | ${''}
    ${'a change of the seed'}                                    | ${'a'}  | ${'a'}  | ${'w'} | ${'w'} | ${'updated'}
    ${'an edit of the operator'}                                 | ${'a'}  | ${'p'}  | ${'a'} | ${'p'} | ${''}
    ${'the same change by both'}                                 | ${'a'}  | ${'w'}  | ${'w'} | ${'w'} | ${''}
    ${'different changes by both'}                               | ${'a'}  | ${'p'}  | ${'w'} | ${'p'} | ${'conflict'}
  `('$what', (row: Record<'applied' | 'present' | 'wanted' | 'values' | 'result', string>) => {
    expect(mergeFields(field(row.applied), field(row.present), field(row.wanted))).toEqual({
      values: field(row.values),
      updated: row.result === 'updated' ? ['x'] : [],
      conflicts: row.result === 'conflict' ? ['x'] : [],
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
