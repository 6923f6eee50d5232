import { describe, expect, it, test } from '@jest/globals';
import { CORE_COPY, defineConnector } from '../src/connector/define-connector.js';
import { manifestSchema } from '../src/connector/manifest.js';
import { ShopBackend } from './support/shop-connector.js';

describe('a connector', () => {
  it('is marked with its contract and its copy of glue-core', () => {
    const connector = defineConnector({ backends: [ShopBackend] });
    expect(connector).toEqual({ apiVersion: 1, madeBy: CORE_COPY, backends: [ShopBackend], handlers: [] });
  });
});

describe('a manifest', () => {
  const manifest = { apiVersion: 1, id: 'stripe', displayName: 'Stripe' };

  it('needs little', () => {
    expect(manifestSchema.parse(manifest)).toEqual({ ...manifest, sides: [], egress: [] });
  });

  test.each([
    ['an unknown key', { side: ['inbound'] }],
    ['an unknown side', { sides: ['upbound'] }],
    ['an id with capitals', { id: 'Stripe' }],
    ['an id with a colon, which parts ids of seeds', { id: 'a:b' }],
    ['a contract version of 0', { apiVersion: 0 }],
    ['no name', { displayName: '' }],
  ])('is refused with %s', (_name, change) => {
    expect(manifestSchema.safeParse({ ...manifest, ...change }).success).toBe(false);
  });
});
