import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { rowIds } from '../src/row-id.js';
import { toJsonValue } from '../src/json-value.js';
import { singleKey, uniqueKey } from '../src/unique-key.js';

const key = (unique: Record<string, unknown>, name = 'mail') => uniqueKey({ name, type: 'normal', unique });

describe('the unique key of a job', () => {
  it('is none where any number may exist', () => {
    expect(uniqueKey({ name: 'mail', type: 'normal' })).toBeNull();
  });

  it('is the name for type single, whatever is said to be unique', () => {
    expect(uniqueKey({ name: 'mail', type: 'single', unique: { a: 1 } })).toBe(singleKey('mail'));
    expect(singleKey('mail')).not.toBe(key({}));
  });

  it('does not depend on the order of fields, at any depth', () => {
    const values = fc
      .dictionary(fc.string(), fc.jsonValue())
      .filter((unique) => !JSON.stringify(unique).includes('$'));
    fc.assert(
      fc.property(values, (unique) => {
        expect(key(reversed(unique))).toBe(key(unique));
      }),
    );
  });

  it('is another for every other value', () => {
    const value = fc.oneof(
      fc.string(),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(fc.integer()),
    );
    fc.assert(
      fc.property(value, value, (a, b) => {
        expect(key({ field: a }) === key({ field: b })).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
    );
  });

  it('takes an absent value for null, and a date for its text', () => {
    expect(key({ a: undefined })).toBe(key({ a: null }));
    expect(key({ a: new Date(0) })).toBe(key({ a: '1970-01-01T00:00:00.000Z' }));
  });

  it.each([[/x/], [1n], [Symbol('s')], [() => 1], [new Map()], [NaN]])('refuses %p', (value) => {
    expect(() => key({ a: value })).toThrow('has no JSON form');
    expect(() => toJsonValue(value)).toThrow(TypeError);
  });
});

describe('row ids', () => {
  it('are UUIDs of version 7, each greater than the one before, even if the clock stands still or goes back', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 2, maxLength: 50 }), (steps) => {
        let ms = Date.UTC(2026, 0);
        const makeId = rowIds(() => ms);
        const ids = steps.map((step) => {
          ms += step;
          return makeId();
        });
        expect(ids).toEqual([...ids].sort());
        for (const id of ids)
          expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
      }),
    );
  });

  it('do not run out within one millisecond', () => {
    const makeId = rowIds(() => 1_767_225_600_000);
    const ids = Array.from({ length: 10_000 }, makeId);
    expect(new Set(ids).size).toBe(10_000);
    expect(ids).toEqual([...ids].sort());
  });
});

function reversed(value: unknown): Record<string, unknown> {
  const entries = Object.entries(value ?? {}).reverse();
  return Object.fromEntries(
    entries.map(([name, child]) => [name, isObject(child) ? reversed(child) : child]),
  );
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
