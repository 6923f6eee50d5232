import { jsonPathSchema, readJsonPath, type Json } from 'glue-core';
import { z } from 'zod';
import type { Delivery } from '../delivery.js';
import { headerProblem } from './header-name.js';
import { renderingError } from './rendering-error.js';

const optional = z
  .boolean()
  .default(false)
  .describe('Where there is no value, nothing is written; otherwise that is an error.');
const headerName = z
  .string()
  .refine((name) => headerProblem(name) === undefined, 'must be the name of a header that is not reserved');

/** Sources of what is queued with a delivery, or made of it by rules. */
export const queuedSources = {
  text: z.string().describe('This text.'),
  literal: z.strictObject({ literal: z.json().describe('This value, of any JSON type.') }),
  context: z.strictObject({
    context: jsonPathSchema.describe('A value in the context of the delivery, by its JSON path.'),
    optional,
  }),
  endpoint: z.strictObject({
    endpoint: z.enum(['code', 'suffix', 'name', 'company']).describe('Of the endpoint; company is its code.'),
  }),
  payload: z.strictObject({
    payload: jsonPathSchema.describe('A value in the payload, as the rules before this one have made it.'),
    optional,
  }),
  header: z.strictObject({
    header: headerName.describe(
      'A header that was queued with the delivery, or made by a rule before this one.',
    ),
    optional,
  }),
};

/** Where a rule takes a value from. A text alone is that text. */
export const valueSourceSchema = z.union([
  queuedSources.text,
  queuedSources.literal,
  queuedSources.context,
  z.strictObject({
    delivery: z
      .enum(['id', 'idempotency_key', 'attempt', 'created_at'])
      .describe('Of the delivery: its id, its key, the number of this attempt, Unix milliseconds.'),
    optional,
  }),
  queuedSources.endpoint,
  queuedSources.payload,
  queuedSources.header,
]);
export type ValueSource = z.infer<typeof valueSourceSchema>;
type DeliverySource = Extract<ValueSource, { delivery: unknown }>;
/** One that is there before there is an attempt. */
export type QueuedSource = Exclude<ValueSource, DeliverySource>;

/** What was queued, and what earlier rules have made of it. */
export interface QueuedInput {
  readonly delivery: Pick<Delivery, 'context' | 'endpoint'>;
  /** As sent, so far. */
  readonly payload: Json | undefined;
  /** So far, without those of the backend; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What rules read: the delivery, and what earlier rules have made of its request. */
export interface RuleInput extends QueuedInput {
  readonly delivery: Delivery;
}

/**
 * The value of a source, of the type that it has there. `0`, `false`, `null` and the empty text are values.
 * @returns undefined when an optional source has none
 * @throws GLUE_RENDERING naming a source that has none
 */
export function resolveValue(source: ValueSource, input: RuleInput): Json | undefined {
  return typeof source === 'object' && 'delivery' in source
    ? present(source, ofDelivery(source, input.delivery))
    : resolveQueued(source, input);
}

/** The same of a source that is there before there is an attempt. @throws GLUE_RENDERING naming a source that has none */
export function resolveQueued(source: QueuedSource, input: QueuedInput): Json | undefined {
  if (typeof source === 'string') return source;
  if ('literal' in source) return source.literal;
  if ('endpoint' in source) return input.delivery.endpoint[source.endpoint];
  return present(source, lookUp(source, input));
}

type LookedUp = Exclude<QueuedSource, string | { literal: unknown } | { endpoint: unknown }>;

function present(source: LookedUp | DeliverySource, value: Json | undefined): Json | undefined {
  if (value === undefined && !source.optional) throw renderingError(`${nameOf(source)} has no value`);
  return value;
}

function lookUp(source: LookedUp, { delivery, payload, headers }: QueuedInput): Json | undefined {
  if ('context' in source) return readJsonPath(delivery.context, source.context) as Json | undefined;
  if ('payload' in source) return readJsonPath(payload, source.payload) as Json | undefined;
  const name = source.header.toLowerCase();
  return Object.hasOwn(headers, name) ? headers[name] : undefined;
}

function ofDelivery(source: DeliverySource, delivery: Delivery): Json | undefined {
  switch (source.delivery) {
    case 'id':
      return delivery.id;
    case 'attempt':
      return delivery.attempt;
    case 'created_at':
      return delivery.createdAt;
    case 'idempotency_key':
      return delivery.idempotencyKey;
  }
}

/** A source in the words of a message. */
export function nameOf(source: ValueSource): string {
  if (typeof source === 'string' || 'literal' in source) return 'what is written there';
  if ('context' in source) return `"${source.context.join('.')}" in the context`;
  if ('payload' in source) return `"${source.payload.join('.')}" in the payload`;
  if ('header' in source) return `the header "${source.header}"`;
  if ('endpoint' in source) return `"${source.endpoint}" of the endpoint`;
  return `"${source.delivery}" of the delivery`;
}
