import { describe, expect, it } from '@jest/globals';
import type { Json } from 'glue-core';
import { z } from 'zod';
import type { Delivery } from '../../src/delivery.js';
import { applyPayloadRules, payloadRuleSchema } from '../../src/render/payload-rule.js';

const delivery: Delivery = {
  id: '0199',
  context: { order: { id: 7, tags: ['a'] }, none: null, zero: 0 },
  headers: { 'x-queued': 'q' },
  attempt: 2,
  endpoint: { id: 1, code: 'fake-1-out', suffix: 'out', name: 'Fake out', company: 'acme' },
  createdAt: 1_000,
};

const apply = (rules: readonly object[], payload?: Json) =>
  applyPayloadRules(z.array(payloadRuleSchema).parse(rules), {
    delivery,
    payload,
    headers: delivery.headers,
  });

describe('rules of a payload', () => {
  it.each<[string, object[], Json | undefined, Json | undefined]>([
    ['set a text', [{ set: 'a', value: 'x' }], { b: 1 }, { b: 1, a: 'x' }],
    ['set a literal of any type', [{ set: 'a', value: { literal: [0, null] } }], {}, { a: [0, null] }],
    [
      'set a value of the context with its type',
      [{ set: 'id', value: { context: 'order.id' } }],
      {},
      { id: 7 },
    ],
    [
      'set null and 0',
      [
        { set: 'a', value: { context: 'none' } },
        { set: 'b', value: { context: 'zero' } },
      ],
      {},
      { a: null, b: 0 },
    ],
    ['set what belongs to the delivery', [{ set: 'try', value: { delivery: 'attempt' } }], {}, { try: 2 }],
    [
      'set what belongs to the endpoint',
      [{ set: 'tenant', value: { endpoint: 'company' } }],
      {},
      { tenant: 'acme' },
    ],
    ['set a queued header', [{ set: 'h', value: { header: 'X-Queued' } }], {}, { h: 'q' }],
    ['make objects and lists on the way', [{ set: 'a.b[0].c', value: 'x' }], {}, { a: { b: [{ c: 'x' }] } }],
    ['replace an item of a list', [{ set: 'a[1]', value: 'x' }], { a: [1, 2, 3] }, { a: [1, 'x', 3] }],
    ['add the next item of a list', [{ set: 'a[1]', value: 'x' }], { a: [1] }, { a: [1, 'x'] }],
    ['make a payload where there is none', [{ set: 'a', value: 'x' }], undefined, { a: 'x' }],
    ['copy', [{ copy: 'a.b', to: 'c' }], { a: { b: 1 } }, { a: { b: 1 }, c: 1 }],
    ['rename', [{ rename: 'a.b', to: 'c' }], { a: { b: null, x: 2 } }, { a: { x: 2 }, c: null }],
    ['rename into the place where it stood', [{ rename: 'a', to: 'a.b' }], { a: 1 }, { a: { b: 1 } }],
    ['remove', [{ remove: 'a.b' }], { a: { b: 1, c: 2 } }, { a: { c: 2 } }],
    ['remove an item of a list', [{ remove: 'a[0]' }], { a: [1, 2] }, { a: [2] }],
    ['remove within a list', [{ remove: '[0].b' }], [{ b: 1, c: 2 }], [{ c: 2 }]],
    [
      'see what earlier rules made',
      [
        { set: 'a', value: 'x' },
        { set: 'b', value: { payload: 'a' } },
      ],
      {},
      { a: 'x', b: 'x' },
    ],
    [
      'leave alone what is optional and not there',
      [
        { set: 'a', value: { context: 'nope', optional: true } },
        { copy: 'x', to: 'y', optional: true },
        { rename: 'x', to: 'y', optional: true },
        { remove: 'x', optional: true },
      ],
      { b: 1 },
      { b: 1 },
    ],
    ['leave no payload alone', [{ remove: 'x', optional: true }], undefined, undefined],
  ])('%s', (_name, rules, payload, expected) => {
    expect(apply(rules, payload)).toEqual(expected);
  });

  it.each<[string, object, Json, string]>([
    [
      'a source without a value',
      { set: 'a', value: { context: 'order.nope' } },
      {},
      '"order.nope" in the context',
    ],
    ['a key that there is not', { set: 'a', value: { delivery: 'idempotency_key' } }, {}, 'idempotency_key'],
    ['a member that there is not', { copy: 'a.b', to: 'c' }, { a: 1 }, '"a.b"'],
    ['a rename of nothing', { rename: 'a', to: 'c' }, {}, '"a"'],
    ['a removal of nothing', { remove: 'a' }, {}, '"a"'],
    ['a place in a text', { set: 'a.b', value: 'x' }, { a: 'text' }, '"b"'],
    ['a place in null', { set: 'a.b', value: 'x' }, { a: null }, '"b"'],
    ['a place in a list', { set: 'a.b', value: 'x' }, { a: [] }, '"b"'],
    ['a place past the end of a list', { set: 'a[2]', value: 'x' }, { a: [1] }, '[2]'],
  ])('refuse %s', (_name, rule, payload, words) => {
    expect(() => apply([rule], payload)).toThrow(
      expect.objectContaining({ code: 'GLUE_RENDERING', message: expect.stringContaining(words) }),
    );
  });

  it('take names that mean something to JavaScript for names', () => {
    const made = apply([{ set: '["__proto__"].admin', value: { literal: true } }], { constructor: 1 });
    expect(JSON.stringify(made)).toBe('{"constructor":1,"__proto__":{"admin":true}}');
    expect(({} as Record<string, unknown>)['admin']).toBeUndefined();
    expect(JSON.stringify(apply([{ remove: '["__proto__"]' }], made))).toBe('{"constructor":1}');
    expect(() => apply([{ set: 'a', value: { payload: 'toString' } }], {})).toThrow('"toString"');
    expect(() => apply([{ set: 'a', value: { header: 'constructor' } }], {})).toThrow('"constructor"');
  });

  it.each([
    [{ set: 'a' }],
    [{ set: '', value: 'x' }],
    [{ copy: 'a' }],
    [{ remove: 'a', to: 'b' }],
    [{ set: 'a', value: { literal: 1, context: 'b' } }],
    [{ set: 'a', value: { header: 'host' } }],
  ])('are not written %j', (rule) => {
    expect(payloadRuleSchema.safeParse(rule).success).toBe(false);
  });
});
