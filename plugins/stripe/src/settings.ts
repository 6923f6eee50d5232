import { secret } from 'glue-core';
import { z } from 'zod';

/** Settings of one Stripe account. */
export const stripeSettings = z.strictObject({
  /** Signing secret of the webhook endpoint, from Stripe's dashboard. */
  webhookSecret: secret().startsWith('whsec_').describe('Webhook signing secret (whsec_…)'),
  /** Secret or restricted API key. Without it nothing is written back to Stripe. */
  apiKey: secret().optional().describe('API key (sk_… or rk_…)'),
  /** Where Stripe's API is; another address serves tests and proxies. */
  apiBaseUrl: z.url().default('https://api.stripe.com').describe('Base URL of the API'),
});

export type StripeSettings = z.infer<typeof stripeSettings>;
