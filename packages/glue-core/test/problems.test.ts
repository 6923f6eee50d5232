import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { problemsOf } from '../src/validation/problems.js';

const source = z.union([
  z.strictObject({ json: z.string().regex(/^\w+$/, 'no path') }),
  z.strictObject({ header: z.string(), part: z.string().optional() }),
  z.strictObject({
    join: z.array(z.union([z.strictObject({ json: z.string() }), z.strictObject({ literal: z.string() })])),
  }),
]);
const schema = z.strictObject({
  name: z.string(),
  size: z.union([z.string(), z.number()]),
  of: z.array(source),
});

function problems(input: unknown, root?: string): string[] {
  const { error } = schema.safeParse(input);
  return error ? problemsOf(error, root) : [];
}

describe('the problems of an input', () => {
  const good = { name: 'a', size: 1, of: [] };

  it('are one line each, with the path', () => {
    expect(problems({ size: 1, of: 7, more: 1 }, 'config')).toEqual([
      'config.name: Invalid input: expected string, received undefined',
      'config.of: Invalid input: expected array, received number',
      'config: Unrecognized key: "more"',
    ]);
    expect(problems(7)).toEqual(['(whole): Invalid input: expected object, received number']);
  });

  it.each([
    ['a value of the shape that was meant', { json: 'a..b' }, ['of.0.json: no path']],
    [
      'a value of another kind',
      { header: 7 },
      ['of.0.header: Invalid input: expected string, received number'],
    ],
    [
      'what is missing in it',
      { part: 'x' },
      ['of.0.header: Invalid input: expected string, received undefined'],
    ],
    [
      'what is wrong deeper',
      { join: [{ json: 'a' }, { literal: 0 }] },
      ['of.0.join.1.literal: Invalid input: expected string, received number'],
    ],
    [
      'all shapes, where none knows the names',
      { xml: 'a' },
      ['of.0: Invalid input: expected { json } or { header } or { join }'],
    ],
    [
      'all shapes, where several are meant',
      {},
      ['of.0: Invalid input: expected { json } or { header } or { join }'],
    ],
    ['no shape, where names of several are mixed', { json: 'a', header: 'b' }, ['of.0: Invalid input']],
    ['the types, where it is of none', 'text', ['of.0: Invalid input: expected object']],
  ])('tell of %s', (_name, one, lines) => {
    expect(problems({ ...good, of: [one] })).toEqual(lines);
  });

  it('never repeat a value', () => {
    expect(
      problems({ ...good, size: ['whsec_secret'], of: [{ json: 'whsec_secret!' }] }).join(),
    ).not.toContain('whsec');
  });
});
