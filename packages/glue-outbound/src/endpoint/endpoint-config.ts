import { retryPolicySchema } from 'glue-core';
import { z } from 'zod';
import { headerRuleSchema } from '../render/header-rule.js';
import { isPathTemplate } from '../render/path-template.js';
import { parseBaseUrl } from './base-url.js';

const status = z.number().int().min(100).max(599);

/** What is particular to an outbound endpoint. Stored as the operator or seed wrote it; parsed, with defaults, on use. */
export const outboundEndpointConfigSchema = z.strictObject({
  method: z.enum(['POST', 'PUT', 'PATCH', 'DELETE', 'GET']).default('POST'),
  /** Scheme and host. May be absent when the backend gives it. */
  baseUrl: z
    .string()
    .refine(
      (text) => parseBaseUrl(text) !== undefined,
      'write scheme and host only, like https://api.example.com',
    )
    .optional(),
  /** Path, perhaps with a query. `{token}` is replaced from the delivery's context. */
  path: z
    .string()
    .refine(
      isPathTemplate,
      'start with "/", write tokens like {order_id}; no fragment, no "." or ".." segment',
    )
    .default('/'),
  body: z.enum(['json', 'form', 'raw']).default('json'),
  /** Limit for connecting, headers and body together. */
  timeoutMs: z.number().int().min(100).max(300_000).default(15_000),
  connectTimeoutMs: z.number().int().min(100).max(60_000).default(5_000),
  /** How long hooks and handlers may take before the request is sent. */
  deadlineMs: z.number().int().min(100).max(900_000).default(30_000),
  headers: z.array(headerRuleSchema).max(100).default([]),
  retryPolicy: retryPolicySchema.prefault({}),
  /** Statuses that mean accepted; absent: every 2xx. */
  successStatuses: z.array(status).min(1).optional(),
  /** Statuses that are tried again beside those that always are. */
  retryableStatuses: z.array(status).default([]),
  /** `vendor`: other 4xx are final. `subscriber`: everything but 410 is tried again. */
  preset: z.enum(['vendor', 'subscriber']).default('vendor'),
  /** Requests of this endpoint that may run at once on one host. */
  concurrency: z.number().int().min(1).max(1_000).default(10),
  /** Whether a dead letter keeps later deliveries of its ordering key waiting. */
  blockOnDeadLetter: z.boolean().default(false),
  note: z.string().max(2_000).optional(),
});
export type OutboundEndpointConfig = z.infer<typeof outboundEndpointConfigSchema>;
