import { types } from 'node:util';
import { z } from 'zod';
import type { OutboundRequest, RequestOverrides } from '../delivery.js';
import { httpMethodSchema } from '../endpoint/http-method.js';
import { headersSchema } from './headers-schema.js';
import { mergeHeaders } from './merge-headers.js';

/** What a handler may change in a request. */
export const overridesSchema: z.ZodType<RequestOverrides> = z.strictObject({
  method: httpMethodSchema.optional(),
  url: z
    .string()
    .refine(isReceiverUrl, 'must be an http or https URL without user, password and fragment')
    .optional(),
  headers: headersSchema.optional(),
  body: z
    .custom<string | Uint8Array | null>(
      (body) => body === null || typeof body === 'string' || types.isUint8Array(body),
      'must be a text, bytes, or null for none',
    )
    .optional(),
});

/** Applies what a handler changes. What is undefined stays; headers are merged without regard to case. Pure. */
export function overrideRequest(
  request: OutboundRequest,
  { method = request.method, url = request.url, headers, body }: RequestOverrides = {},
): OutboundRequest {
  const { body: rendered, parts, ...kept } = request;
  const merged = mergeHeaders(request.headers, headers);
  const changed = { ...kept, method, url, headers: merged };
  if (body === undefined)
    return { ...changed, ...(rendered !== undefined && { body: rendered }), ...(parts && { parts }) };
  if (body !== null) return { ...changed, body };
  const { 'content-type': _type, ...bodiless } = merged;
  return { ...changed, headers: bodiless };
}

function isReceiverUrl(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password } = new URL(text);
  // The parser drops an empty fragment, so the text itself is looked at.
  return (protocol === 'http:' || protocol === 'https:') && username + password === '' && !text.includes('#');
}
