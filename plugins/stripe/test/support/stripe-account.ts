import { readFileSync, readdirSync } from 'node:fs';
import { attachBackend, silentLogger } from 'glue-core';
import { StripeBackend } from '../../src/stripe-backend.js';
import { stripeSettings } from '../../src/settings.js';

export const WEBHOOK_SECRET = 'whsec_bm90IGEgcmVhbCBzZWNyZXQ';
export const folder = new URL('../../', import.meta.url);

/** A backend as the registry makes it, of an account with the given settings. */
export function stripeAccount(
  settings: Partial<Record<'apiKey' | 'apiBaseUrl', string>> = {},
): StripeBackend {
  const account = new StripeBackend();
  attachBackend(account, {
    record: { id: 1, type: 'stripe', code: 'eu', name: 'EU', company: 'default', active: true, version: 1 },
    settings: stripeSettings.parse({ webhookSecret: WEBHOOK_SECRET, ...settings }),
    logger: silentLogger,
    ports: new Map(),
  });
  return account;
}

/** The sample events that the package ships, by name, as the bytes in their files. */
export function samples(): [name: string, body: Buffer][] {
  return readdirSync(new URL('samples/', folder))
    .sort()
    .map((file) => [file.replace(/\.json$/, ''), readFileSync(new URL(`samples/${file}`, folder))]);
}
