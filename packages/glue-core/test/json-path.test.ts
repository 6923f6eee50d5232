import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseJsonPath, readJsonPath } from '../src/json/json-path.js';

describe('a JSON path', () => {
  it.each([
    ['id', ['id']],
    ['$.id', ['id']],
    ['data.object.id', ['data', 'object', 'id']],
    ['a[0][1].b', ['a', 0, 1, 'b']],
    ['$[0]', [0]],
    ['["a\\"b"].c', ['a"b', 'c']],
    ['$ref', ['$ref']],
  ])('%s', (path, steps) => expect(parseJsonPath(path)).toEqual(steps));

  it.each(['', '$', '.a', 'a.', 'a..b', 'a[', 'a[-1]', 'a[x]', 'a b', 'a[0]b', '$.', "a['b']", '["\\x"]'])(
    'refuses %j',
    (path) => expect(parseJsonPath(path)).toBeUndefined(),
  );

  it('reads what is there and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.oneof(fc.string(), fc.nat(3))), (document, path) => {
        const expected = path.reduce<unknown>((value, key) => {
          if (typeof value !== 'object' || value === null) return undefined;
          if ((typeof key === 'number') !== Array.isArray(value)) return undefined;
          return Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
        }, document);
        expect(readJsonPath(document, path)).toEqual(expected);
      }),
    );
  });
});
