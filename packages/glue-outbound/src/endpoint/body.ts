import { z } from 'zod';
import { formArraysSchema } from '../render/form-fields.js';
import { payloadRuleSchema, type PayloadRule } from '../render/payload-rule.js';

/** How an endpoint makes a body of a payload. */
export const bodyFields = {
  body: z
    .enum(['json', 'form', 'multipart', 'raw'])
    .default('json')
    .describe('How the payload is encoded. Raw: a text or a file as it is.'),
  formArrays: formArraysSchema
    .default('indices')
    .describe('How forms name the items of lists: a[0]=x&a[1]=y, a[]=x&a[]=y or a=x&a=y.'),
  payload: z
    .array(payloadRuleSchema)
    .max(100)
    .default([])
    .describe('Changes of the payload that is sent, in order. The stored one stays as it is.'),
};

/** What keeps an endpoint from making its bodies. @returns one line each */
export function bodyProblems({
  method,
  payload,
}: {
  readonly method: string;
  readonly payload: readonly PayloadRule[];
}): string[] {
  const makes = payload.findIndex((rule) => 'set' in rule);
  return method === 'GET' && makes >= 0
    ? [`config.payload[${makes}]: sets a member, but a GET carries no payload`]
    : [];
}
