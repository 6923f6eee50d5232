import { headerNameSchema, jsonPathSchema, secretSourceSchema, type SecretSource } from 'glue-core';
import { z } from 'zod';

/** Where a challenge has a value. */
const asked = z.union([
  z.strictObject({ query: z.string().min(1) }),
  z.strictObject({ header: headerNameSchema }),
  z.strictObject({ json: jsonPathSchema }),
]);
export type AskedValue = z.infer<typeof asked>;

const challengeSecret = z
  .union([secretSourceSchema, z.literal('verification')])
  .describe('A setting of the backend, or the secrets by which requests are verified.');
export type ChallengeSecret = z.infer<typeof challengeSecret>;

const condition = z.union([
  z.strictObject({ value: asked, equals: z.string() }),
  /** Compared in constant time. */
  z.strictObject({ value: asked, secret: challengeSecret }),
]);
export type ChallengeCondition = z.infer<typeof condition>;

/** What is shown in an answer: a value of the challenge, or one computed of it. */
const shown = z.union([
  ...asked.options,
  z.strictObject({ literal: z.string() }),
  z.strictObject({
    hmac: z.strictObject({
      of: asked,
      secret: challengeSecret,
      digest: z.enum(['sha1', 'sha256', 'sha512']).default('sha256'),
      encoding: z.enum(['hex', 'base64', 'base64url']).default('hex'),
      prefix: z.string().default('').describe('In front of it, such as sha256=.'),
    }),
  }),
]);
export type ShownValue = z.infer<typeof shown>;

/**
 * A question by which a provider makes sure that the endpoint is meant to be called, and its answer. A POST is looked
 * at once it is proven like any other; a GET has no signature, so that its secrets are its conditions.
 */
const challengeSchema = z
  .strictObject({
    method: z.enum(['GET', 'POST']),
    when: z
      .array(condition)
      .max(8)
      .default([])
      .describe('All must hold; a value that is missing, or given twice, never does.'),
    answer: z
      .union([
        z.literal('connector'),
        z.strictObject({ text: shown }),
        z.strictObject({ json: z.record(z.string().min(1), shown) }),
      ])
      .describe('Plain text, an object of texts, or what answerInboundChallenge() of the backend says.'),
  })
  .superRefine(({ method, ...rest }, context) => {
    if (method === 'GET' && valuesOf(rest).some((value) => 'json' in value))
      context.addIssue({ code: 'custom', path: ['method'], message: 'a GET has no body to read JSON from' });
  });
export type Challenge = z.infer<typeof challengeSchema>;

export const challengesSchema = z.array(challengeSchema).max(8);

/** What is wrong with challenges beside the payload contract of their endpoint, if anything. */
export function challengeProblem(
  challenges: readonly Challenge[],
  payload: 'object' | 'json' | 'raw',
  compression: readonly string[],
): string | undefined {
  if (payload === 'raw' && challenges.some((each) => valuesOf(each).some((value) => 'json' in value)))
    return 'reads JSON, but the payload is raw and not parsed';
  const signs = ({ method, answer }: Challenge) =>
    method === 'GET' && shownIn(answer).some((value) => 'hmac' in value);
  if (payload !== 'object' && challenges.some(signs))
    return 'signs what anybody asks for by GET: with any payload but "object" that could be the body of an event';
  // Compressed bytes are what is verified, and a compressed object can be written in letters and digits alone.
  if (compression.length > 0 && challenges.some(signs))
    return 'signs what anybody asks for by GET: with limits.compression that could be the compressed body of an event';
  return undefined;
}

/** The settings whose secrets a challenge needs. */
export function secretsOfChallenge({ when, answer }: Challenge): SecretSource[] {
  const secrets = [
    ...when.flatMap((each) => ('secret' in each ? [each.secret] : [])),
    ...shownIn(answer).flatMap((value) => ('hmac' in value ? [value.hmac.secret] : [])),
  ];
  return secrets.filter((secret) => secret !== 'verification');
}

/** Lower-case names of the headers that hold a secret; they are never kept. */
export function secretHeadersOfChallenges(challenges: readonly Challenge[]): string[] {
  return challenges.flatMap(({ when }) =>
    when.flatMap((each) => ('secret' in each && 'header' in each.value ? [each.value.header] : [])),
  );
}

function valuesOf({ when, answer }: Pick<Challenge, 'when' | 'answer'>): AskedValue[] {
  return [...when.map(({ value }) => value), ...shownIn(answer).flatMap(askedIn)];
}

function shownIn(answer: Challenge['answer']): ShownValue[] {
  if (answer === 'connector') return [];
  return 'text' in answer ? [answer.text] : Object.values(answer.json);
}

function askedIn(value: ShownValue): AskedValue[] {
  if ('literal' in value) return [];
  return 'hmac' in value ? [value.hmac.of] : [value];
}
