import { GlueError, problemsOf, type Json } from 'glue-core';
import { z } from 'zod';
import { isPlainObject, jsonProblem } from './json-problem.js';
import { headersSchema } from './render/headers-schema.js';
import { MAX_KEY_LENGTH } from './render/ordering-key.js';

/** Bytes of payload, context and headers together, as JSON in UTF-8. Escaped, they fit the smallest usual packet of MySQL. */
const MAX_CONTENT_BYTES = 8_000_000;
/** Length of keys, as the columns hold them. */
const key = z.string().min(1).max(MAX_KEY_LENGTH);

/** Not by `z.json()`: that drops members named `__proto__`, and recurses. */
function refuseNonJson(value: unknown, issues: z.RefinementCtx): void {
  const problem = jsonProblem(value);
  if (problem) issues.addIssue({ code: 'custom', ...problem });
}

/** Names in a context that have a meaning to all: what they say of a delivery is a text. */
const RESERVED_KEYS = ['idempotency_key', 'operation', 'binding_model', 'binding_id'];

/** What a queued delivery must look like. Contexts may hold anything under other names. */
const newDeliverySchema = z.strictObject({
  payload: z.custom<Json>().superRefine(refuseNonJson).optional(),
  context: z
    .custom<Readonly<Record<string, Json>>>(isPlainObject, { error: 'must be an object', abort: true })
    .superRefine(refuseNonJson)
    .default({})
    .superRefine((context, issues) => {
      for (const name of RESERVED_KEYS) {
        const value = Object.hasOwn(context, name) ? context[name] : '';
        if (typeof value !== 'string')
          issues.addIssue({ code: 'custom', path: [name], message: 'is a reserved key: must be a text' });
      }
    }),
  headers: headersSchema.default({}),
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

/** Says of a delivery everything that is wrong with it. */
export function invalidDelivery(endpointCode: string, problems: readonly string[]): GlueError {
  const message = `the delivery for endpoint "${endpointCode}" is not valid`;
  return new GlueError('GLUE_DELIVERY_INVALID', message, { problems });
}

/** @throws GLUE_DELIVERY_INVALID with every problem */
export function checkDelivery(input: unknown, endpointCode: string): CheckedDelivery {
  const invalid = (problems: readonly string[]) => invalidDelivery(endpointCode, problems);
  const parsed = newDeliverySchema.safeParse(input);
  if (!parsed.success) throw invalid(problemsOf(parsed.error));
  const { payload, context, headers, idempotencyKey, orderingKey, sendAt } = parsed.data;

  const named = Object.hasOwn(context, 'idempotency_key') ? context['idempotency_key'] : undefined;
  if (named !== undefined && idempotencyKey !== undefined && named !== idempotencyKey)
    throw invalid(['context.idempotency_key: differs from idempotencyKey']);
  const usedKey = idempotencyKey ?? (typeof named === 'string' ? named : undefined);
  if (usedKey !== undefined && !key.safeParse(usedKey).success)
    throw invalid(['context.idempotency_key: must have 1 to 190 characters']);
  const bytes = Buffer.byteLength(JSON.stringify([payload, context, headers]));
  if (bytes > MAX_CONTENT_BYTES)
    throw invalid([
      `(whole): holds ${bytes} bytes as JSON, files in base64; at most ${MAX_CONTENT_BYTES} are taken`,
    ]);

  return {
    ...(payload !== undefined && { payload }),
    context: usedKey === undefined ? context : { ...context, idempotency_key: usedKey },
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
    ...(usedKey !== undefined && { idempotencyKey: usedKey }),
    ...(orderingKey !== undefined && { orderingKey }),
    ...(sendAt !== undefined && { sendAt }),
  };
}
