import type { Json } from 'glue-core';
import { z } from 'zod';
import type { Delivery } from '../delivery.js';
import { renderingError } from './rendering-error.js';

/** Where a rule takes a value from: a literal text, the context, the delivery or its endpoint. */
export const valueSourceSchema = z.union([
  z.string(),
  z.strictObject({ context: z.string().min(1) }),
  z.strictObject({ delivery: z.enum(['id', 'idempotency_key', 'attempt', 'created_at']) }),
  z.strictObject({ endpoint: z.enum(['code', 'suffix', 'name', 'company']) }),
]);
export type ValueSource = z.infer<typeof valueSourceSchema>;

/**
 * The value of a source. `0`, `false` and the empty text are values.
 * @throws GLUE_RENDERING naming a source that has none
 */
export function resolveValue(source: ValueSource, delivery: Delivery): Json {
  if (typeof source === 'string') return source;
  if ('context' in source) {
    const value = Object.hasOwn(delivery.context, source.context)
      ? delivery.context[source.context]
      : undefined;
    if (value === undefined || value === null) throw renderingError(`the context has no "${source.context}"`);
    return value;
  }
  if ('endpoint' in source) return delivery.endpoint[source.endpoint];
  switch (source.delivery) {
    case 'id':
      return delivery.id;
    case 'attempt':
      return delivery.attempt;
    case 'created_at':
      return delivery.createdAt;
    case 'idempotency_key':
      if (delivery.idempotencyKey === undefined) throw renderingError('the delivery has no idempotency key');
      return delivery.idempotencyKey;
  }
}
