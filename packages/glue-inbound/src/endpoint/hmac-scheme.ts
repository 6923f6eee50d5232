import { z } from 'zod';
import { jsonPathSchema } from './json-path.js';
import { headerSourceSchema } from './source.js';

/** Where a timestamp is, and how it is written. */
export const timestampSourceSchema = headerSourceSchema.extend({
  format: z.enum(['unix', 'unix_ms', 'iso8601']).default('unix'),
});
export type TimestampSource = z.infer<typeof timestampSourceSchema>;

const messagePart = z.union([
  z.strictObject({ body: z.literal('raw') }),
  headerSourceSchema,
  z.strictObject({ literal: z.string() }),
  /** The URL as the sender knows it: this base, then path and query as received. */
  z.strictObject({ urlBase: z.url({ protocol: /^https?$/ }).transform((base) => base.replace(/\/$/, '')) }),
  /** Names and values of a urlencoded body, sorted by name, without separators. */
  z.strictObject({ form: z.literal('sorted') }),
  z.strictObject({ json: jsonPathSchema }),
]);
export type MessagePart = z.infer<typeof messagePart>;

/** How a provider signs with a shared secret, wholly as data. */
export const hmacSchemeSchema = z.strictObject({
  digest: z.enum(['sha1', 'sha256', 'sha512']),
  encoding: z.enum(['hex', 'base64', 'base64url']),
  /** Where signatures are. Several may be given; one that matches is enough. */
  signature: headerSourceSchema.extend({
    /** In front of each signature, e.g. `sha256=`. What lacks it is another version and is skipped. */
    prefix: z.string().default(''),
  }),
  /** The signed bytes, in order. */
  message: z
    .array(messagePart)
    .min(1)
    .refine((parts) => parts.some((part) => 'body' in part || 'form' in part), 'must cover the body'),
  /** Between the parts of the message. */
  joiner: z.string().default(''),
  /** How a secret stands for its key. */
  secretEncoding: z.enum(['text', 'base64', 'hex']).default('text'),
  /** Taken off a secret before it is decoded, e.g. `whsec_`. */
  secretPrefix: z.string().default(''),
  /** The signed timestamp, where there is one; freshness is judged by it. */
  timestamp: timestampSourceSchema.optional(),
});
export type HmacScheme = z.infer<typeof hmacSchemeSchema>;
