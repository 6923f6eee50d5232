import type { Json } from 'glue-core';
import { z } from 'zod';
import { headerProblem } from './header-name.js';
import { renderingError } from './rendering-error.js';
import { resolveValue, valueSourceSchema, type RuleInput } from './value-source.js';

/** A header of an endpoint: a name, and where its value comes from. */
export const headerRuleSchema = z.strictObject({
  name: z
    .string()
    .superRefine((name, context) => {
      const problem = headerProblem(name);
      if (problem !== undefined) context.addIssue({ code: 'custom', message: problem });
    })
    .describe('Letters of either case are the same; headers that belong to the sender are refused.'),
  value: valueSourceSchema.describe(
    'Where the value comes from. Numbers and booleans become text, lists and objects JSON.',
  ),
});
export type HeaderRule = z.infer<typeof headerRuleSchema>;

/**
 * Makes the headers of an endpoint's rules, each seeing those before it; what was queued wins over a rule.
 * @returns the headers of rules and queue together, names in lower case
 * @throws GLUE_RENDERING naming a source that has no value
 */
export function applyHeaderRules(rules: readonly HeaderRule[], input: RuleInput): Record<string, string> {
  let headers: Record<string, string> = { ...input.headers };
  for (const rule of rules) {
    const value = resolveValue(rule.value, { ...input, headers });
    const text = value === undefined ? undefined : textOf(value, rule);
    if (text !== undefined) headers = { ...headers, [rule.name.toLowerCase()]: text, ...input.headers };
  }
  return headers;
}

/** No text stands for null: an optional header is left out. */
function textOf(value: Json, { name, value: source }: HeaderRule): string | undefined {
  if (value !== null) return typeof value === 'object' ? JSON.stringify(value) : String(value);
  if (typeof source === 'object' && 'optional' in source && source.optional) return undefined;
  throw renderingError(`the header "${name}" has no value: its source is null`);
}
