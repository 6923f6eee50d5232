import { z } from 'zod';
import { jsonPathSchema } from '../json/json-path.js';
import { headerSourceSchema, isSameHeader } from './header-source.js';

/** Where a timestamp is, and how it is written. */
export const timestampSourceSchema = headerSourceSchema.extend({
  format: z.enum(['unix', 'unix_ms', 'iso8601']).default('unix'),
});
export type TimestampSource = z.infer<typeof timestampSourceSchema>;

const messagePart = z.union([
  z.strictObject({ body: z.literal('raw') }),
  headerSourceSchema,
  z.strictObject({ literal: z.string() }),
  /** The URL as the sender knows it: `urlBase`, then path and query as received. */
  z.strictObject({ url: z.literal('full') }),
  /** Names and values of a urlencoded body, sorted by name, then value, each pair once, without separators. */
  z.strictObject({
    form: z.literal('sorted'),
    /** Where the URL has this query parameter the body is no form: the parameter is its SHA-256 in hex. */
    orHashInQuery: z.string().min(1).optional(),
  }),
  z.strictObject({ json: jsonPathSchema }),
]);
export type MessagePart = z.infer<typeof messagePart>;

/** How a provider signs with a shared secret, wholly as data. */
const schemeSchema = z.strictObject({
  digest: z.enum(['sha1', 'sha256', 'sha512']),
  encoding: z.enum(['hex', 'base64', 'base64url']),
  /** Where signatures are. Several may be given; one that matches is enough. */
  signature: headerSourceSchema.extend({
    /** In front of each signature, e.g. `sha256=`. What lacks it is another version and is skipped. */
    prefix: z.string().default(''),
  }),
  /** The signed bytes, in order. */
  message: z.array(messagePart).min(1),
  /** Between the parts of the message. @defaultValue nothing */
  joiner: z.string(),
  /** Scheme and host in front of the received path, where the URL is signed. @defaultValue the host's public URL */
  urlBase: z.url({ protocol: /^https?$/ }).transform((base) => base.replace(/\/$/, '')),
  /** How a secret stands for its key. @defaultValue `text` */
  secretEncoding: z.enum(['text', 'base64', 'hex']),
  /** Taken off a secret before it is decoded, e.g. `whsec_`. @defaultValue nothing */
  secretPrefix: z.string(),
  /** The signed timestamp, where there is one; freshness is judged by it. */
  timestamp: timestampSourceSchema,
});

/** A scheme as it is written down: what is left out comes from a preset, or is a default. */
export const writtenSchemeSchema = schemeSchema.partial();
export type WrittenScheme = z.infer<typeof writtenSchemeSchema>;

/** A scheme that says all that is needed. */
export type HmacScheme = Omit<z.infer<typeof schemeSchema>, 'urlBase' | 'timestamp'> &
  Pick<WrittenScheme, 'urlBase' | 'timestamp'>;

const defaults = { joiner: '', secretEncoding: 'text', secretPrefix: '' } as const;

/** Fills in the defaults, and looks whether such a signature would prove anything. */
export function completeScheme(written: WrittenScheme): HmacScheme | { readonly problem: string } {
  const { digest, encoding, signature, message, timestamp } = written;
  if (!digest || !encoding || !signature || !message)
    return { problem: 'name a preset, or write out digest, encoding, signature and message' };
  if (!message.some((part) => 'body' in part || 'form' in part))
    return { problem: 'the message must cover the body: add { "body": "raw" } or { "form": "sorted" }' };
  const isCovered = message.some((part) => 'body' in part || 'url' in part);
  if (!isCovered && message.some((part) => 'form' in part && part.orHashInQuery !== undefined))
    return { problem: 'the hash in the query is not signed: add { "url": "full" } to the message' };
  if (timestamp && !message.some((part) => 'header' in part && isSameHeader(part, timestamp)))
    return { problem: 'the timestamp is not signed: name it in the message too' };
  return { ...defaults, ...written, digest, encoding, signature, message };
}

/** A scheme that knows the URL by which its sender calls, if that is signed; or why it does not. */
export function locatedScheme(
  scheme: HmacScheme,
  publicUrl: string | undefined,
): HmacScheme | { readonly reason: string } {
  if (scheme.urlBase !== undefined || !scheme.message.some((part) => 'url' in part)) return scheme;
  if (publicUrl === undefined)
    return { reason: 'the URL is signed: set urlBase in the verification, or the host’s publicUrl' };
  return { ...scheme, urlBase: publicUrl.replace(/\/$/, '') };
}
