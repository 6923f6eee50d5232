import { GlueError, problemsOf, type Json } from 'glue-core';
import { z } from 'zod';
import { headerProblem } from './render/header-name.js';

/** Characters of payload, context and headers together. */
const MAX_CONTENT = 4_000_000;
/** Length of keys, as the columns hold them. */
const key = z.string().min(1).max(190);

/** What a queued delivery must look like. Contexts may hold anything, but some names have a meaning. */
const newDeliverySchema = z.strictObject({
  payload: z.json().optional(),
  context: z
    .record(z.string(), z.json())
    .default({})
    .superRefine((context, issues) => {
      for (const name of ['idempotency_key', 'operation', 'binding_model', 'binding_id']) {
        const value = Object.hasOwn(context, name) ? context[name] : '';
        if (typeof value !== 'string')
          issues.addIssue({ code: 'custom', path: [name], message: 'must be a text' });
      }
    }),
  headers: z
    .record(z.string(), z.string())
    .default({})
    .superRefine((headers, issues) => {
      for (const [name, value] of Object.entries(headers)) {
        const problem = headerProblem(name, value);
        if (problem !== undefined) issues.addIssue({ code: 'custom', message: problem });
      }
    }),
  idempotencyKey: key.optional(),
  orderingKey: key.optional(),
  sendAt: z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).optional(),
});

/** A delivery that may be queued: its key is in the context too, header names are in lower case. */
export interface CheckedDelivery {
  readonly payload?: Json;
  readonly context: Readonly<Record<string, Json>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly idempotencyKey?: string;
  readonly orderingKey?: string;
  readonly sendAt?: number;
}

/** @throws GLUE_DELIVERY_INVALID with every problem */
export function checkDelivery(input: unknown, endpointCode: string): CheckedDelivery {
  const invalid = (problems: readonly string[]) =>
    new GlueError('GLUE_DELIVERY_INVALID', `the delivery for endpoint "${endpointCode}" is not valid`, {
      problems,
    });
  const parsed = newDeliverySchema.safeParse(input);
  if (!parsed.success) throw invalid(problemsOf(parsed.error));
  const { payload, context, headers, idempotencyKey, orderingKey, sendAt } = parsed.data;

  const named = Object.hasOwn(context, 'idempotency_key') ? context['idempotency_key'] : undefined;
  if (named !== undefined && idempotencyKey !== undefined && named !== idempotencyKey)
    throw invalid(['context.idempotency_key: differs from idempotencyKey']);
  const usedKey = idempotencyKey ?? (typeof named === 'string' ? named : undefined);
  if (usedKey !== undefined && !key.safeParse(usedKey).success)
    throw invalid(['context.idempotency_key: must have 1 to 190 characters']);
  if (JSON.stringify([payload, context, headers]).length > MAX_CONTENT)
    throw invalid([`(whole): holds more than ${MAX_CONTENT} characters`]);

  return {
    ...(payload !== undefined && { payload }),
    context: usedKey === undefined ? context : { ...context, idempotency_key: usedKey },
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    ...(usedKey !== undefined && { idempotencyKey: usedKey }),
    ...(orderingKey !== undefined && { orderingKey }),
    ...(sendAt !== undefined && { sendAt }),
  };
}
