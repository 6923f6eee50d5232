import { expect, it } from '@jest/globals';
import { pathSchema } from '../src/endpoint/endpoint-fields.js';

it.each([
  ['orders', true],
  ['a.b_c-D9', true],
  ['.well-known', true],
  ['...', true],
  ['.', false],
  ['..', false],
  ['', false],
  ['a/b', false],
  ['a%2eb', false],
  ['ü', false],
  ['x'.repeat(129), false],
])('the path "%s" can be an endpoint’s: %s', (path, expected) => {
  expect(pathSchema.safeParse(path).success).toBe(expected);
});
