import { retryPolicySchema, timestampSourceSchema, type EndpointRecord } from 'glue-core';
import { z } from 'zod';
import { acknowledgementSchema } from './acknowledgement.js';
import { challengesSchema } from './challenge.js';
import {
  checkChallenges,
  checkFreshnessIsSigned,
  checkHandlers,
  checkIdentity,
  whereSound,
} from './config-agreement.js';
import { handlerChoiceSchema } from './handler-choice.js';
import { limitsSchema } from './limits.js';
import { redactHeadersSchema } from './redaction.js';
import { sourcesSchema } from './source.js';
import { verificationSchema } from './verification.js';

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
  timestamp: timestampSourceSchema
    .optional()
    .describe(
      'Where the timestamp is. By default the signed one of the verification; without one there is no check.',
    ),
  maxAgeSeconds: z
    .number()
    .int()
    .min(0)
    .default(300)
    .describe('Oldest accepted, inclusive; 0 switches this side off.'),
  maxFutureSeconds: z
    .number()
    .int()
    .min(0)
    .default(300)
    .describe('Furthest ahead of our clock, inclusive; 0 switches this side off.'),
});
export type FreshnessLimits = z.infer<typeof freshnessSchema>;

const identitySchema = z.strictObject({
  delivery: z
    .enum(['delivery_id', 'idempotency_key', 'body_sha256'])
    .default('body_sha256')
    .describe('What makes two requests the same delivery.'),
  replay: z
    .enum(['none', 'event_id', 'idempotency_key'])
    .default('none')
    .describe('What links an event to an earlier one without dropping it.'),
});

/**
 * Everything about an inbound endpoint but its name, path, state and links. Stored as written, parsed on use. What is
 * described here is what editors show.
 */
export const inboundEndpointConfigSchema = z
  .strictObject({
    verification: verificationSchema.describe('How it is proven who called. There is no default.'),
    freshness: freshnessSchema.prefault({}).describe('How old, or how far ahead, a timestamp may be.'),
    semantics: z
      .partialRecord(z.enum(SEMANTIC_NAMES), sourcesSchema)
      .default({})
      .describe('What an event is about: for each name sources, tried in turn.'),
    identity: identitySchema.prefault({}).describe('By which semantics an event is known again.'),
    handlers: handlerChoiceSchema.default({}),
    payload: z
      .enum(['object', 'json', 'raw'])
      .default('json')
      .describe('What a body must be: a JSON object, any JSON, or anything; raw is not parsed.'),
    limits: limitsSchema
      .prefault({})
      .describe('What is taken of any caller, before it is known who that is.'),
    redactHeaders: redactHeadersSchema.default([]),
    challenges: challengesSchema
      .default([])
      .describe('Questions of the provider whether the endpoint is meant to be called; not stored.'),
    acknowledgement: acknowledgementSchema.prefault({}).describe('How an accepted request is answered.'),
    retryPolicy: retryPolicySchema.prefault({}).describe('When a failed attempt is made again.'),
    concurrency: z
      .number()
      .int()
      .min(1)
      .max(1_000)
      .default(50)
      .describe('Events that may be processed at once, per host.'),
    deadlineMs: z
      .number()
      .int()
      .min(100)
      .max(900_000)
      .default(30_000)
      .describe('For one attempt at an event, in milliseconds.'),
    orderingKey: sourcesSchema
      .optional()
      .describe('Sources, tried in turn. Events of one key are processed one at a time and in order.'),
    deadLetterBlocks: z
      .boolean()
      .default(false)
      .describe('A dead letter keeps later events of its ordering key waiting.'),
    rearmDuplicates: z
      .boolean()
      .default(true)
      .describe(
        'A duplicate of an event that waits for a retry, or is a dead letter, has it tried again at once.',
      ),
  })
  .superRefine(checkIdentity, whereSound('identity', 'semantics'))
  .superRefine(checkHandlers, whereSound('handlers', 'semantics'))
  .superRefine(checkFreshnessIsSigned, whereSound('verification', 'freshness'))
  .superRefine(checkChallenges, whereSound('challenges', 'payload', 'limits'));
export type InboundEndpointConfig = z.infer<typeof inboundEndpointConfigSchema>;
export type InboundEndpoint = EndpointRecord<InboundEndpointConfig>;
