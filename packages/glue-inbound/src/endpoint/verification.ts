import {
  apiKeyModeSchema,
  basicModeSchema,
  bearerModeSchema,
  headerNameSchema,
  hmacModeSchema,
  signedHeaders,
  standardModeSchema,
  standardScheme,
  type HeaderSource,
  type TimestampSource,
} from 'glue-core';
import { z } from 'zod';

/** `verifyInboundRequest` of the linked backend's class. */
const connector = z.strictObject({
  mode: z.literal('connector'),
  deadlineMs: z.number().int().min(100).max(30_000).default(5_000),
  /** Headers by which it verifies; they are never kept. */
  secretHeaders: z.array(headerNameSchema).default([]),
});

/** How it is proven who called. There is no default; `none` is said explicitly. */
export const verificationSchema = z.discriminatedUnion('mode', [
  hmacModeSchema,
  standardModeSchema,
  basicModeSchema,
  bearerModeSchema,
  apiKeyModeSchema,
  connector,
  z.strictObject({ mode: z.literal('none') }),
]);
export type Verification = z.infer<typeof verificationSchema>;
export type VerificationOf<Mode extends Verification['mode']> = Extract<Verification, { mode: Mode }>;

/** The timestamp that the proof covers, where there is one. */
export function signedTimestampOf(verification: Verification): TimestampSource | undefined {
  switch (verification.mode) {
    case 'hmac':
      return verification.timestamp;
    case 'standard-webhooks':
      return standardScheme.timestamp;
    case 'basic':
    case 'bearer':
    case 'api-key':
    case 'connector':
    case 'none':
      return undefined;
  }
}

/** The headers, or parts of them, that the proof covers; undefined where nothing is signed. */
export function signedFieldsOf(verification: Verification): readonly HeaderSource[] | undefined {
  switch (verification.mode) {
    case 'hmac':
      return signedHeaders(verification.message);
    case 'standard-webhooks':
      return signedHeaders(standardScheme.message);
    case 'basic':
    case 'bearer':
    case 'api-key':
    case 'connector':
    case 'none':
      return undefined;
  }
}

/** Headers in which senders and proxies repeat the URL, and with it a key in its query. */
const URL_HEADERS = [
  'referer',
  'x-original-url',
  'x-original-uri',
  'x-forwarded-uri',
  'x-forwarded-url',
  'x-rewrite-url',
  'x-envoy-original-path',
];

/** Lower-case names of the headers that prove, or hold a secret. */
export function secretHeadersOf(verification: Verification): readonly string[] {
  switch (verification.mode) {
    case 'hmac':
      return [verification.signature.header];
    case 'standard-webhooks':
      return [standardScheme.signature.header];
    case 'basic':
    case 'bearer':
      return ['authorization'];
    case 'api-key':
      return 'header' in verification.key ? [verification.key.header] : URL_HEADERS;
    case 'connector':
      return verification.secretHeaders;
    case 'none':
      return [];
  }
}
