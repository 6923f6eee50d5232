import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import { formatBackendReference, parseBackendReference } from '../src/naming/backend-reference.js';
import { newId } from '../src/naming/new-id.js';
import { scopedCode, scopedDisplayName } from '../src/naming/scoped-code.js';
import { isSlug, slug } from '../src/naming/slug.js';
import { refusal } from './support/refusal.js';

describe('a slug', () => {
  test.each([
    [' Acme Co! ', 'acme-co'],
    ['New_Code', 'new-code'],
    ['a___b///c', 'a-b-c'],
    ['', ''],
    ['  ', ''],
    ['---', ''],
    ['-a-', 'a'],
    ['Ünïcode', 'n-code'],
    ['stripe-1', 'stripe-1'],
    ['0', '0'],
  ])('of %j is %j', (text, expected) => {
    expect(slug(text)).toBe(expected);
  });

  it('of a slug is the same slug', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => slug(slug(text)) === slug(text)));
  });

  it('has only letters, digits and single dashes inside', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => /^([0-9a-z]+(-[0-9a-z]+)*)?$/.test(slug(text))),
    );
  });

  it('is recognised, and an empty text is none', () => {
    expect(isSlug('acme-co')).toBe(true);
    expect(['', 'Acme', 'a--b', '-a', 'a b'].filter(isSlug)).toEqual([]);
  });
});

describe('a scoped code', () => {
  test.each([
    ['stripe-1', 'inbound', 'stripe-1-inbound'],
    ['Stripe 1', 'Payment Intents', 'stripe-1-payment-intents'],
    ['stripe-1', '', 'stripe-1'],
    ['stripe-1', '***', 'stripe-1'],
    ['', 'inbound', 'inbound'],
    ['!', '?', ''],
  ])('of %j and %j is %j', (prefix, suffix, expected) => {
    expect(scopedCode(prefix, suffix)).toBe(expected);
  });

  it('never has a dangling or double dash', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (prefix, suffix) => {
        const code = scopedCode(prefix, suffix);
        return code === '' || isSlug(code);
      }),
    );
  });
});

describe('a scoped display name', () => {
  test.each([
    ['Stripe EU', 'inbound', 'Stripe EU inbound'],
    ['Stripe EU', '  Payment intents ', 'Stripe EU Payment intents'],
    ['Stripe EU', ' ', 'Stripe EU'],
  ])('of %j and %j is %j', (name, suffix, expected) => {
    expect(scopedDisplayName(name, suffix)).toBe(expected);
  });
});

describe('a backend reference', () => {
  it('is written and read again', () => {
    const references = fc.record({
      type: fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,62}$/),
      id: fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }),
    });
    fc.assert(
      fc.property(references, (reference) => {
        expect(parseBackendReference(formatBackendReference(reference))).toEqual(reference);
      }),
    );
  });

  it('may have blanks around it', () => {
    expect(parseBackendReference(' stripe,1\n')).toEqual({ type: 'stripe', id: 1 });
  });

  test.each([
    '',
    'stripe',
    'stripe,',
    ',1',
    'stripe,0',
    'stripe,01',
    'stripe,-1',
    'stripe,1.5',
    'stripe,1,2',
    'stripe, 1',
    'Stripe,1',
    '-stripe,1',
    'stripe,9007199254740993',
    'stripe,99999999999999999999',
  ])('is refused when written %j', (text) => {
    expect(() => parseBackendReference(text)).toThrow(refusal('GLUE_BACKEND_REFERENCE_INVALID', text));
  });
});

describe('a new id', () => {
  it('is a UUID of version 7, later than the one before', () => {
    const ids = Array.from({ length: 1_000 }, newId);
    expect(ids[0]).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(ids).size).toBe(1_000);
  });
});
