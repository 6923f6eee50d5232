import { rateSchema } from 'glue-core';
import { z } from 'zod';
import { addressRangesSchema } from './address-ranges.js';
import { contentTypesSchema } from './content-types.js';

const MIB = 1024 * 1024;

/** How a body may be compressed. */
export const COMPRESSIONS = ['gzip', 'deflate', 'br'] as const;
export type Compression = (typeof COMPRESSIONS)[number];

/** What an endpoint takes of any caller, before it is known who that is. What is described here is what editors show. */
export const limitsSchema = z.strictObject({
  maxBytes: z
    .number()
    .int()
    .min(1)
    .max(16 * MIB)
    .default(MIB)
    .describe('Of the body as received, and again of what it holds when it is compressed.'),
  bodyTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(120_000)
    .default(30_000)
    .describe('For the whole body, in milliseconds.'),
  compression: z
    .array(z.enum(COMPRESSIONS))
    .default([])
    .describe('Encodings of a body that are taken. The compressed bytes are what is verified and kept.'),
  contentTypes: contentTypesSchema
    .default([])
    .describe('Such as application/json, text/* or application/*+json; any, when none is named.'),
  rate: rateSchema.optional().describe('Requests per second, and at once, on each host.'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(10_000)
    .optional()
    .describe('Requests under way at once, on each host.'),
  addresses: addressRangesSchema
    .optional()
    .describe('Who may call, such as 203.0.113.7 or 2001:db8::/32; anybody, when this is left out.'),
});
export type Limits = z.infer<typeof limitsSchema>;
