import type { z } from 'zod';
import type { writtenSchemeSchema } from './hmac-scheme.js';

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
  /**
   * Forms by their parameters, other bodies by the hash that Twilio puts into the URL. A Webhooks Rule with
   * HMAC_SHA256 needs `digest` written over.
   * https://www.twilio.com/docs/usage/security#validating-requests, https://www.twilio.com/docs/api/errors/57012
   */
  twilio: {
    digest: 'sha1',
    encoding: 'base64',
    signature: { header: 'x-twilio-signature' },
    message: [{ url: 'full' }, { form: 'sorted', orHashInQuery: 'bodySHA256' }],
  },
  /** A project with simple signatures. https://www.getconvoy.io/docs/product-manual/signatures */
  convoy: {
    digest: 'sha256',
    encoding: 'hex',
    signature: { header: 'x-convoy-signature' },
    message: [{ body: 'raw' }],
  },
  /** A project with advanced signatures. https://www.getconvoy.io/docs/product-manual/signatures */
  'convoy-advanced': {
    digest: 'sha256',
    encoding: 'hex',
    signature: { header: 'x-convoy-signature', part: 'v1' },
    message: [{ header: 'x-convoy-signature', part: 't' }, { body: 'raw' }],
    joiner: ',',
    timestamp: { header: 'x-convoy-signature', part: 't' },
  },
} as const satisfies Record<string, z.input<typeof writtenSchemeSchema>>;

export type HmacPreset = keyof typeof hmacPresets;
export const hmacPresetNames = Object.keys(hmacPresets) as [HmacPreset, ...HmacPreset[]];
