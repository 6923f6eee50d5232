import { GlueError, outcomeOf, problemsOf, type Outcome } from 'glue-core';
import type { z } from 'zod';
import type { DispatchOutcome } from '../delivery.js';
import { parseBaseUrl } from '../endpoint/base-url.js';
import { reservedHeaderProblem } from '../endpoint/reserved-headers.js';
import { headersSchema } from '../render/headers-schema.js';
import type { Headers } from '../render/merge-headers.js';
import { overridesSchema } from '../render/override-request.js';

/**
 * What hooks answer, read at the wall: foreign code returns what it likes. Undefined and null are no answer.
 * What is read is a copy, so that no getter or proxy is asked twice.
 */

/** @throws GLUE_OUTCOME_UNKNOWN */
export function readGate(answer: unknown): Outcome | undefined {
  if (isNothing(answer)) return undefined;
  const outcome = outcomeOf(answer);
  if (!outcome) throw unknownOutcome('done(), retry(), deadLetter() or cancel(), or nothing to go on');
  return outcome;
}

/** @throws GLUE_HOOK_ANSWER */
export function readBaseUrl(answer: unknown): string | undefined {
  if (isNothing(answer)) return undefined;
  const origin = typeof answer === 'string' ? parseBaseUrl(answer) : undefined;
  if (origin === undefined) throw unusable('is no scheme and host only, like https://api.example.com');
  return origin;
}

/** @param reserved - headers that the endpoint writes itself. @throws GLUE_HOOK_ANSWER */
export function readHeaders(answer: unknown, reserved: ReservedHeaders): Headers | undefined {
  if (isNothing(answer)) return undefined;
  return unreserved(parsed(headersSchema, answer, 'are no headers'), reserved);
}

/**
 * @param reserved - headers that the endpoint writes itself
 * @throws GLUE_OUTCOME_UNKNOWN; GLUE_HOOK_ANSWER when it is `send` with what no request can be made of
 */
export function readDecision(answer: unknown, reserved: ReservedHeaders): DispatchOutcome | undefined {
  if (isNothing(answer)) return undefined;
  if (typeof answer === 'object' && answer !== null && 'kind' in answer && answer.kind === 'send') {
    const given = 'overrides' in answer ? answer.overrides : undefined;
    if (given === undefined) return { kind: 'send' };
    const overrides = parsed(overridesSchema, given, 'cannot be sent');
    unreserved(overrides.headers ?? {}, reserved);
    return { kind: 'send', overrides };
  }
  const outcome = outcomeOf(answer);
  if (!outcome) throw unknownOutcome('send(), done(), retry(), deadLetter() or cancel()');
  return outcome;
}

/** As `EndpointMeans` have them. */
type ReservedHeaders = ReadonlyMap<string, string>;

function unreserved(headers: Headers, reserved: ReservedHeaders): Headers {
  const problem = reservedHeaderProblem(headers, reserved);
  if (problem !== undefined) throw unusable(`cannot be sent: ${problem}`);
  return headers;
}

const isNothing = (answer: unknown) => answer === undefined || answer === null;

function parsed<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const result = schema.safeParse(value);
  if (!result.success) throw unusable(`${what}: ${problemsOf(result.error).join('; ')}`);
  return result.data;
}

const unusable = (why: string) => new GlueError('GLUE_HOOK_ANSWER', `what it returned ${why}`);
const unknownOutcome = (known: string) =>
  new GlueError('GLUE_OUTCOME_UNKNOWN', `what it returned is no outcome: return ${known}`);
