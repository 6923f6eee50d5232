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

/** Where a rule takes a value from. A text alone is that text. */
export const valueSourceSchema = z.union([
  z.string().describe('This text.'),
  z.strictObject({ literal: z.json().describe('This value, of any JSON type.') }),
  z.strictObject({
    context: jsonPathSchema.describe('A value in the context of the delivery, by its JSON path.'),
    optional,
  }),
  z.strictObject({
    delivery: z
      .enum(['id', 'idempotency_key', 'attempt', 'created_at'])
      .describe('Of the delivery: its id, its key, the number of this attempt, Unix milliseconds.'),
    optional,
  }),
  z.strictObject({
    endpoint: z.enum(['code', 'suffix', 'name', 'company']).describe('Of the endpoint; company is its code.'),
  }),
  z.strictObject({
    payload: jsonPathSchema.describe('A value in the payload, as the rules before this one have made it.'),
    optional,
  }),
  z.strictObject({
    header: headerName.describe(
      'A header that was queued with the delivery, or made by a rule before this one.',
    ),
    optional,
  }),
]);
export type ValueSource = z.infer<typeof valueSourceSchema>;

/** What rules read: the delivery, and what earlier rules have made of its request. */
export interface RuleInput {
  readonly delivery: Delivery;
  /** As sent, so far. */
  readonly payload: Json | undefined;
  /** So far, without those of the backend; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * The value of a source, of the type that it has there. `0`, `false`, `null` and the empty text are values.
 * @returns undefined when an optional source has none
 * @throws GLUE_RENDERING naming a source that has none
 */
export function resolveValue(source: ValueSource, input: RuleInput): Json | undefined {
  if (typeof source === 'string') return source;
  if ('literal' in source) return source.literal;
  if ('endpoint' in source) return input.delivery.endpoint[source.endpoint];
  const value = lookUp(source, input);
  if (value === undefined && !source.optional) throw renderingError(`${nameOf(source)} has no value`);
  return value;
}

type LookedUp = Exclude<ValueSource, string | { literal: unknown } | { endpoint: unknown }>;

function lookUp(source: LookedUp, { delivery, payload, headers }: RuleInput): Json | undefined {
  if ('context' in source) return readJsonPath(delivery.context, source.context) as Json | undefined;
  if ('payload' in source) return readJsonPath(payload, source.payload) as Json | undefined;
  if ('header' in source) {
    const name = source.header.toLowerCase();
    return Object.hasOwn(headers, name) ? headers[name] : undefined;
  }
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

function nameOf(source: LookedUp): string {
  if ('context' in source) return `"${source.context.join('.')}" in the context`;
  if ('payload' in source) return `"${source.payload.join('.')}" in the payload`;
  if ('header' in source) return `the header "${source.header}"`;
  return `"${source.delivery}" of the delivery`;
}
