import { retryPolicySchema, type EndpointRecord } from 'glue-core';
import { z } from 'zod';
import { timestampSourceSchema } from './hmac-scheme.js';
import { sourcesSchema } from './source.js';
import { verificationSchema } from './verification.js';

const MIB = 1024 * 1024;

/** What an event can be asked, whoever sent it. */
export const SEMANTIC_NAMES = [
  'topic',
  'event_type',
  'event_id',
  'delivery_id',
  'notification_id',
  'idempotency_key',
  'signature',
  'signature_timestamp',
  'occurred_at',
  'tenant_key',
  'version',
  'resource_reference',
  'handler_selector',
] as const;
export type SemanticName = (typeof SEMANTIC_NAMES)[number];
/** The parsed semantics of one event; an absent name had no value. */
export type Semantics = Readonly<Partial<Record<SemanticName, string>>>;

const freshnessSchema = z.strictObject({
  /** @defaultValue the signed timestamp of the verification's scheme; without one there is no check */
  timestamp: timestampSourceSchema.optional(),
  /** Oldest accepted, inclusive; 0 switches this side off. */
  maxAgeSeconds: z.number().int().min(0).default(300),
  /** Furthest ahead of our clock, inclusive; 0 switches this side off. */
  maxFutureSeconds: z.number().int().min(0).default(300),
});
export type FreshnessLimits = z.infer<typeof freshnessSchema>;

const identitySchema = z.strictObject({
  /** What makes two requests the same delivery. */
  delivery: z.enum(['delivery_id', 'idempotency_key', 'body_sha256']).default('body_sha256'),
  /** What links an event to an earlier one without dropping it. */
  replay: z.enum(['none', 'event_id', 'idempotency_key']).default('none'),
});

const limitsSchema = z.strictObject({
  maxBytes: z
    .number()
    .int()
    .min(1)
    .max(16 * MIB)
    .default(MIB),
  /** For the whole body, in milliseconds. */
  bodyTimeoutMs: z.number().int().min(100).max(120_000).default(30_000),
});

/** Everything about an inbound endpoint but its name, path, state and links. Stored as written, parsed on use. */
export const inboundConfigSchema = z
  .strictObject({
    verification: verificationSchema,
    freshness: freshnessSchema.prefault({}),
    semantics: z.partialRecord(z.enum(SEMANTIC_NAMES), sourcesSchema).default({}),
    identity: identitySchema.prefault({}),
    /** `raw` is not parsed. */
    payload: z.enum(['object', 'json', 'raw']).default('json'),
    limits: limitsSchema.prefault({}),
    retryPolicy: retryPolicySchema.prefault({}),
    /** Events that may be processed at once, per host. */
    concurrency: z.number().int().min(1).max(1_000).default(16),
    /** For one attempt at an event, in milliseconds. */
    deadlineMs: z.number().int().min(100).max(900_000).default(30_000),
    /** Events of one key are processed one at a time and in order. */
    orderingKey: sourcesSchema.optional(),
    /** A dead letter keeps later events of its ordering key waiting. */
    deadLetterBlocks: z.boolean().default(false),
    /** A duplicate of an event that waits for a retry, or is a dead letter, has it tried again at once. */
    rearmDuplicates: z.boolean().default(true),
  })
  .superRefine(({ identity, semantics }, context) => {
    for (const [policy, name] of Object.entries(identity)) {
      if (name === 'body_sha256' || name === 'none' || semantics[name]) continue;
      const message = `needs semantics.${name}: say where it comes from`;
      context.addIssue({ code: 'custom', path: ['identity', policy], message });
    }
  });
export type InboundConfig = z.infer<typeof inboundConfigSchema>;
export type InboundEndpoint = EndpointRecord<InboundConfig>;
