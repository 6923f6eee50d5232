import { createHash } from 'node:crypto';
import type { Json } from 'glue-core';
import { z } from 'zod';
import { renderingError } from './rendering-error.js';
import { nameOf, queuedSources, resolveQueued, type QueuedInput } from './value-source.js';

/** Longer keys do not fit the column, whoever names them. */
export const MAX_KEY_LENGTH = 190;

const NOT_BLANK = 'must not be blank';

/** Where an endpoint takes the ordering key of its deliveries from: what is queued, and nothing that an attempt makes. */
export const orderingKeySchema = z.union([
  queuedSources.text.regex(/\S/, NOT_BLANK),
  z.strictObject({ literal: z.union([z.string().regex(/\S/, NOT_BLANK), z.number(), z.boolean()]) }),
  queuedSources.context,
  queuedSources.endpoint,
  queuedSources.payload,
  queuedSources.header,
]);
export type OrderingKeySource = z.infer<typeof orderingKeySchema>;

/**
 * The ordering key of a delivery that names none. Pure. As in the ordering keys of events, `0` and `false` are values, and
 * null and blank text are none; a list or object is none either, and cannot be meant.
 * @returns undefined where an optional source has none: the delivery is in no order
 * @throws GLUE_RENDERING naming a source that gives no key
 */
export function orderingKeyOf(source: OrderingKeySource, queued: QueuedInput): string | undefined {
  const value = resolveQueued(source, queued);
  if (value === undefined) return undefined;
  const key = isNested(value) ? undefined : keyText(value);
  if (key !== undefined) return key;
  if (!isNested(value) && typeof source === 'object' && 'optional' in source && source.optional)
    return undefined;
  throw renderingError(`${nameOf(source)} ${isNested(value) ? 'is a list or object' : 'is null or blank'}`);
}

const isNested = (value: Json): value is Json & object => typeof value === 'object' && value !== null;

function keyText(value: string | number | boolean | null): string | undefined {
  const text = String(value ?? '');
  if (text.trim() === '') return undefined;
  return text.length <= MAX_KEY_LENGTH ? text : `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
