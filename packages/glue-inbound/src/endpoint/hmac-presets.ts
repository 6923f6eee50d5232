import type { z } from 'zod';
import type { hmacSchemeSchema } from './hmac-scheme.js';

/** How known providers sign. */
export const hmacPresets = {
  /** https://docs.stripe.com/webhooks#verify-manually */
  stripe: {
    digest: 'sha256',
    encoding: 'hex',
    signature: { header: 'stripe-signature', part: 'v1' },
    message: [{ header: 'stripe-signature', part: 't' }, { body: 'raw' }],
    joiner: '.',
    timestamp: { header: 'stripe-signature', part: 't' },
  },
  /** https://docs.github.com/en/webhooks/using-webhooks/validating-webhook-deliveries */
  github: {
    digest: 'sha256',
    encoding: 'hex',
    signature: { header: 'x-hub-signature-256', prefix: 'sha256=' },
    message: [{ body: 'raw' }],
  },
  /** https://shopify.dev/docs/apps/build/webhooks/subscribe/https */
  shopify: {
    digest: 'sha256',
    encoding: 'base64',
    signature: { header: 'x-shopify-hmac-sha256' },
    message: [{ body: 'raw' }],
  },
  /** https://docs.slack.dev/authentication/verifying-requests-from-slack */
  slack: {
    digest: 'sha256',
    encoding: 'hex',
    signature: { header: 'x-slack-signature', prefix: 'v0=' },
    message: [{ literal: 'v0' }, { header: 'x-slack-request-timestamp' }, { body: 'raw' }],
    joiner: ':',
    timestamp: { header: 'x-slack-request-timestamp' },
  },
  /** https://docs.svix.com/receiving/verifying-payloads/how-manual */
  svix: {
    digest: 'sha256',
    encoding: 'base64',
    signature: { header: 'svix-signature', part: 'v1', listSeparator: ' ', pairSeparator: ',' },
    message: [{ header: 'svix-id' }, { header: 'svix-timestamp' }, { body: 'raw' }],
    joiner: '.',
    secretEncoding: 'base64',
    secretPrefix: 'whsec_',
    timestamp: { header: 'svix-timestamp' },
  },
} as const satisfies Record<string, z.input<typeof hmacSchemeSchema>>;

export type HmacPreset = keyof typeof hmacPresets;
export const hmacPresetNames = Object.keys(hmacPresets) as [HmacPreset, ...HmacPreset[]];
