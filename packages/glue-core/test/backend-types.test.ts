import { describe, expect, it, test } from '@jest/globals';
import { z } from 'zod';
import type { BackendClass } from '../src/backend/backend-class.js';
import { BackendTypes } from '../src/backend/backend-types.js';
import { ConnectorBackend } from '../src/backend/connector-backend.js';
import { secret } from '../src/backend/secret-setting.js';
import { refusal } from './support/refusal.js';
import { PrefixedBackend, ShopBackend } from './support/shop-connector.js';

function classWith(statics: object): BackendClass {
  return Object.assign(class Made extends ConnectorBackend {}, statics) as unknown as BackendClass;
}

const settings = z.strictObject({});

describe('the backend types', () => {
  it('are listed by label, and by type where labels are equal', () => {
    const types = new BackendTypes();
    types.register(classWith({ type: 'zeta', label: 'Alpha', settings }), 'c1');
    types.register(classWith({ type: 'b2', label: 'Same', settings }), 'c1');
    types.register(classWith({ type: 'b1', label: 'Same', settings }), 'c2');
    types.register(ShopBackend, 'c3');
    types.register(PrefixedBackend, 'c3');
    expect(types.list()).toEqual([
      { type: 'zeta', label: 'Alpha', connector: 'c1' },
      { type: 'prefixed', label: 'prefixed', connector: 'c3' },
      { type: 'b1', label: 'Same', connector: 'c2' },
      { type: 'b2', label: 'Same', connector: 'c1' },
      { type: 'shop', label: 'Shop', connector: 'c3' },
    ]);
  });

  it('tell class, connector and secrets of a type', () => {
    const types = new BackendTypes();
    types.register(ShopBackend, 'shop-connector');
    expect(types.get('shop')).toBe(ShopBackend);
    expect(types.has('shop')).toBe(true);
    expect(types.connectorOf('shop')).toBe('shop-connector');
    expect(types.secretsOf('shop')).toEqual(['apiKey', 'pin']);
  });

  it('do not know others, and say which there are', () => {
    const types = new BackendTypes();
    expect(() => types.get('stripe')).toThrow(refusal('GLUE_BACKEND_TYPE_UNKNOWN', '(registered: none)'));
    types.register(ShopBackend, 'c');
    types.register(PrefixedBackend, 'c');
    expect(() => types.get('stripe')).toThrow(
      refusal('GLUE_BACKEND_TYPE_UNKNOWN', '"stripe" (registered: prefixed, shop)'),
    );
    expect([types.has('stripe'), types.connectorOf('stripe'), types.secretsOf('stripe')]).toEqual([
      false,
      undefined,
      [],
    ]);
  });

  it('are registered once', () => {
    const types = new BackendTypes();
    types.register(ShopBackend, 'first');
    expect(() => types.register(classWith({ type: 'shop', settings }), 'second')).toThrow(
      refusal(
        'GLUE_CONNECTOR_DEFINITION',
        'connectors "first" and "second" both register the backend type "shop"',
      ),
    );
    expect(types.get('shop')).toBe(ShopBackend);
  });

  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'no class derived from ConnectorBackend'],
    ['an object', { type: 'x', settings }, 'no class derived from ConnectorBackend'],
    [
      'a class of its own',
      Object.assign(class {}, { type: 'x', settings }),
      'no class derived from ConnectorBackend',
    ],
    ['the base class', ConnectorBackend, 'no class derived from ConnectorBackend'],
    ['a class without type', classWith({ settings }), 'class Made without a static type'],
    ['a type with capitals', classWith({ type: 'Stripe', settings }), 'without a static type'],
    ['a type with a comma', classWith({ type: 'stripe,1', settings }), 'without a static type'],
    ['a type that is too long', classWith({ type: 'a'.repeat(64), settings }), 'without a static type'],
    ['no settings', classWith({ type: 'x' }), 'class Made without static settings'],
    [
      'settings that are no object',
      classWith({ type: 'x', settings: z.string() }),
      'without static settings',
    ],
    [
      'a nested secret',
      classWith({ type: 'x', settings: z.object({ login: z.object({ password: secret() }) }) }),
      'a secret inside another setting (properties/login/properties/password), where it would be stored in clear',
    ],
  ])('refuse %s', (_name, exported, words) => {
    const types = new BackendTypes();
    expect(() => types.register(exported as BackendClass, 'acme')).toThrow(
      refusal('GLUE_CONNECTOR_DEFINITION', words),
    );
    expect(types.list()).toEqual([]);
  });
});
