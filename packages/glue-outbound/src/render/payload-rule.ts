import { jsonPathSchema, readJsonPath, type Json } from 'glue-core';
import { z } from 'zod';
import { removeMember, setMember } from './payload-member.js';
import { renderingError } from './rendering-error.js';
import { resolveValue, valueSourceSchema, type RuleInput } from './value-source.js';

const to = jsonPathSchema.describe(
  'Where it is written; objects on the way are made, what is there is replaced.',
);
const optional = z
  .boolean()
  .default(false)
  .describe('Where there is no such member, nothing is done; otherwise that is an error.');

/** One change of the payload that is sent. The stored one stays as it is. */
export const payloadRuleSchema = z.union([
  z.strictObject({ set: to, value: valueSourceSchema }).describe('Writes a value.'),
  z.strictObject({ copy: jsonPathSchema, to, optional }).describe('Writes a member to a second place.'),
  z.strictObject({ rename: jsonPathSchema, to, optional }).describe('Moves a member to another place.'),
  z.strictObject({ remove: jsonPathSchema, optional }).describe('Leaves a member out.'),
]);
export type PayloadRule = z.infer<typeof payloadRuleSchema>;

/**
 * Makes the payload that is sent, each rule seeing what those before it made. Pure: the given payload is not changed.
 * @returns undefined when there is none and no rule sets anything
 * @throws GLUE_RENDERING naming a source or member that is not there, or a place that cannot be written
 */
export function applyPayloadRules(rules: readonly PayloadRule[], input: RuleInput): Json | undefined {
  return rules.reduce<Json | undefined>(
    (payload, rule) => applyRule(rule, { ...input, payload }),
    input.payload,
  );
}

function applyRule(rule: PayloadRule, input: RuleInput): Json | undefined {
  const { payload } = input;
  if ('set' in rule) {
    const value = resolveValue(rule.value, input);
    return value === undefined ? payload : setMember(payload, rule.set, value);
  }
  const from = 'copy' in rule ? rule.copy : 'rename' in rule ? rule.rename : rule.remove;
  const value = readJsonPath(payload, from) as Json | undefined;
  if (payload === undefined || value === undefined) {
    if (rule.optional) return payload;
    throw renderingError(`the payload has no "${from.join('.')}"`);
  }
  if ('copy' in rule) return setMember(payload, rule.to, value);
  const without = removeMember(payload, from);
  return 'rename' in rule ? setMember(without, rule.to, value) : without;
}
