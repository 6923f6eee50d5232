import { describe, expect, it } from '@jest/globals';
import { BackendTypes } from 'glue-core';
import connector from '../src/index.js';
import { stripeSettings } from '../src/settings.js';
import { WEBHOOK_SECRET } from './support/stripe-account.js';

describe('the settings of a Stripe account', () => {
  it.each<[string, object, string | undefined]>([
    ['a signing secret alone', { webhookSecret: WEBHOOK_SECRET }, undefined],
    ['no signing secret', {}, 'webhookSecret'],
    ['an API key for a signing secret', { webhookSecret: 'sk_test_1' }, 'webhookSecret'],
    ['an empty API key', { webhookSecret: WEBHOOK_SECRET, apiKey: '' }, 'apiKey'],
    ['an address that is none', { webhookSecret: WEBHOOK_SECRET, apiBaseUrl: 'stripe' }, 'apiBaseUrl'],
    ['a misspelt name', { webhookSecret: WEBHOOK_SECRET, apikey: 'sk' }, ''],
  ])('%s', (_name, settings, wrong) => {
    const { error } = stripeSettings.safeParse(settings);
    expect(error?.issues.map(({ path }) => path.join('.'))).toEqual(
      wrong === undefined ? undefined : [wrong],
    );
  });

  it('are secret where they are keys', () => {
    const types = new BackendTypes();
    for (const each of connector.backends) types.register(each, 'stripe');
    expect(types.secretsOf('stripe')).toEqual(['webhookSecret', 'apiKey']);
  });
});
