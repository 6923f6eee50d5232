import { retryPolicySchema } from 'glue-core';
import { z } from 'zod';
import { headerRuleSchema } from '../render/header-rule.js';
import { orderingKeySchema } from '../render/ordering-key.js';
import { isPathTemplate } from '../render/path-template.js';
import { authenticationSchema } from './authentication.js';
import { authoritiesSchema } from './client-certificate.js';
import { parseBaseUrl } from './base-url.js';
import { bodyFields } from './body.js';
import { healthShape } from './health.js';
import { httpMethodSchema } from './http-method.js';
import { refuseReservedHeaders } from './reserved-headers.js';
import { signingSchema } from './signing.js';

const status = z.number().int().min(100).max(599);

const fields = z.strictObject({
  method: httpMethodSchema.default('POST').describe('A GET carries no payload.'),
  baseUrl: z
    .string()
    .refine(
      (text) => parseBaseUrl(text) !== undefined,
      'write scheme and host only, like https://api.example.com',
    )
    .optional()
    .describe('Scheme and host. May be absent when the backend gives it.'),
  path: z
    .string()
    .refine(
      isPathTemplate,
      'start with "/", write tokens like {order_id}; no fragment, no "." or ".." segment',
    )
    .default('/')
    .describe(
      'Path, perhaps with a query. {token} is replaced from the context of the delivery, percent-encoded.',
    ),
  ...bodyFields,
  timeoutMs: z
    .number()
    .int()
    .min(100)
    .max(300_000)
    .default(15_000)
    .describe('For connecting, headers and body together, in milliseconds.'),
  connectTimeoutMs: z
    .number()
    .int()
    .min(100)
    .max(60_000)
    .default(5_000)
    .describe('For connecting alone, in milliseconds.'),
  deadlineMs: z
    .number()
    .int()
    .min(100)
    .max(900_000)
    .default(30_000)
    .describe('For each hook or handler that is asked before the request is sent, in milliseconds.'),
  headers: z
    .array(headerRuleSchema)
    .max(100)
    .default([])
    .describe(
      'Made in order; what is queued with a delivery wins over them, what the backend adds over both.',
    ),
  authentication: authenticationSchema.describe('How requests say who calls. Secrets never stand here.'),
  authorities: authoritiesSchema
    .optional()
    .describe(
      'Certificates (PEM) of authorities that are trusted for this receiver beside those that Node trusts.',
    ),
  signing: signingSchema,
  retryPolicy: retryPolicySchema.prefault({}).describe('When a failed attempt is made again.'),
  successStatuses: z
    .array(status)
    .min(1)
    .optional()
    .describe('Statuses that mean accepted; absent: every 2xx.'),
  retryableStatuses: z
    .array(status)
    .default([])
    .describe('Statuses that are tried again beside those that always are.'),
  preset: z
    .enum(['vendor', 'subscriber'])
    .default('vendor')
    .describe('vendor: other 4xx are final. subscriber: everything but 410 is tried again.'),
  concurrency: z
    .number()
    .int()
    .min(1)
    .max(1_000)
    .default(10)
    .describe('Requests of this endpoint that may run at once, per host.'),
  ...healthShape,
  orderingKey: orderingKeySchema
    .optional()
    .describe(
      'The ordering key of deliveries that are queued without one, of what is queued with them. Deliveries of one key go one at a time and in order.',
    ),
  deadLetterBlocks: z
    .boolean()
    .default(false)
    .describe('A dead letter keeps later deliveries of its ordering key waiting.'),
  note: z.string().max(2_000).optional().describe('For people.'),
});

/** What is particular to an outbound endpoint. Stored as the operator or seed wrote it; parsed, with defaults, on use. */
export const outboundEndpointConfigSchema = fields.superRefine(refuseReservedHeaders);
export type OutboundEndpointConfig = z.infer<typeof outboundEndpointConfigSchema>;
