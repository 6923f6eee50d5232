import { describe, expect, it } from '@jest/globals';
import { redactHeaders } from '../src/receive/redact-headers.js';
import { configOf } from './support/inbound-fixture.js';

describe('kept headers', () => {
  it.each([
    ['authorization', false],
    ['proxy-authorization', false],
    ['cookie', false],
    ['x-auth', false],
    ['x-auth-key', false],
    ['x-api-key', false],
    ['x-access-key', false],
    ['ocp-apim-subscription-key', false],
    ['x-shopify-access-token', false],
    ['stripe-signature', false],
    ['x-shopify-hmac-sha256', false],
    ['x-shop-stamp', false],
    ['x-sig', false],
    ['x-sig-sha256', false],
    ['digest', false],
    ['content-digest', false],
    ['x-pw', false],
    ['x-pass', false],
    ['x_pin', false],
    ['x-pin', false],
    ['x-design', true],
    ['x-shipping', true],
    ['x-compass', true],
    ['x-author', true],
    ['x-event-key', true],
    ['idempotency-key', true],
    ['x-github-event', true],
    ['webhook-id', true],
  ])('%s: %s', (name, isKept) => {
    const kept = redactHeaders({ [name]: ['a', 'b'] }, ['x-shop-stamp']);
    expect(kept).toEqual(isKept ? { [name]: ['a', 'b'] } : {});
  });

  it('are listed in the configuration in any case of their letters', () => {
    expect(configOf({ redactHeaders: ['X-Shop-Stamp'] }).redactHeaders).toEqual(['x-shop-stamp']);
    expect(() => configOf({ redactHeaders: ['x shop'] })).toThrow('no header name');
  });
});
