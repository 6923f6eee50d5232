import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { read } from './support/identifying.js';

describe('a number', () => {
  const idOf = (body: string) => read([{ json: 'id' }], { body });

  it.each([
    ['1e400', '2e400'],
    ['-0', '0'],
    ['1.0', '1'],
    ['10', '1e1'],
    ['12345678901234567891', '12345678901234567892'],
    ['0.1', '0.10000000000000001'],
    ['9007199254740993', '9007199254740992'],
    ['-9007199254740993', '-9007199254740992'],
    ['5e-324', '4e-324'],
  ])('is what was written: %s is not %s', (one, other) => {
    expect(Number(one) === Number(other)).toBe(true);
    for (const number of [one, other])
      for (const body of [
        `{"id":${number}}`,
        `{ "n" : 1.50 ,\n"id" : ${number} }`,
        `{"id":0.5,"id":${number}}`,
      ])
        expect(idOf(body)).toBe(number);
  });

  it('is found at its path, whatever is around it', () => {
    const json = fc.json({ maxDepth: 4 });
    const number = fc.oneof(
      fc.constantFrom('1e400', '-0', '1.0', '12E3', '12345678901234567890'),
      fc.integer().map(String),
    );
    const name = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(
        json,
        name,
        number,
        json,
        fc.constantFrom('', ' ', '\n\t'),
        (before, key, id, after, gap) => {
          const member = `${JSON.stringify(key)}${gap}:${gap}[${before},${gap}{"id":${gap}${id}${gap}}]`;
          const body = `{"x":${before},${gap}${member},"y":${after}}`;
          fc.pre(key !== 'x' && key !== 'y');
          expect(read([{ json: `[${JSON.stringify(key)}][1].id` }], { body })).toBe(id);
        },
      ),
    );
  });

  it('is the one that JSON.parse takes, where a name is there twice', () => {
    const body = '{"a":{"id":1.0},"a":{"b":1,"id":2.0,"c":{"id":3.0}},"id":4.0}';
    expect(read([{ json: 'a.id' }], { body })).toBe('2.0');
    expect(read([{ json: 'a.id' }], { body: '{"a":{"id":1.0},"a":{}}' })).toBeUndefined();
  });
});
