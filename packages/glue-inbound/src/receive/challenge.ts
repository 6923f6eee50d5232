import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { queryOf, readJsonPath, type Json } from 'glue-core';
import type {
  AskedValue,
  Challenge,
  ChallengeCondition,
  ChallengeSecret,
  ShownValue,
} from '../endpoint/challenge.js';
import type { RawRequest } from './raw-request.js';

/**
 * A request that may be a provider's question whether the endpoint is meant to be called.
 * @since contract 1
 */
export interface ChallengeRequest extends RawRequest {
  readonly method: 'GET' | 'POST';
  /** The parsed body, where there is one and the endpoint's payload is not `raw`. Foreign data: parse it with a schema. */
  readonly document?: unknown;
}

/**
 * What a challenge is answered, with status 200.
 * @since contract 1
 */
export type ChallengeAnswer = { readonly text: string } | { readonly json: Json };

/** The texts of a secret whose time it is: several while it is rotated. */
export type SecretTexts = (secret: ChallengeSecret) => readonly string[];

/** Longest value that is read from a challenge or shown in its answer. */
const MAX_LENGTH = 1_024;

/**
 * What is signed for whoever asks. Nothing that could be the signed message of an event: no JSON object, and no
 * separator between a timestamp and a body.
 */
const SIGNABLE = /^[A-Za-z0-9+/=_-]+$/;

/** The answer of a declared challenge. @returns undefined when the request is no such challenge */
export function answerChallenge(
  { method, when, answer }: Challenge,
  request: ChallengeRequest,
  secrets: SecretTexts,
): ChallengeAnswer | 'connector' | undefined {
  if (method !== request.method || !when.every((condition) => holds(condition, request, secrets)))
    return undefined;
  if (answer === 'connector') return answer;
  if ('text' in answer) {
    const text = shownText(answer.text, request, secrets);
    return text === undefined ? undefined : { text };
  }
  const json: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.json)) {
    const text = shownText(value, request, secrets);
    if (text === undefined) return undefined;
    json[name] = text;
  }
  return { json };
}

function holds(condition: ChallengeCondition, request: ChallengeRequest, secrets: SecretTexts): boolean {
  const text = askedText(condition.value, request);
  if (text === undefined) return false;
  if ('equals' in condition) return text === condition.equals;
  return secrets(condition.secret).some((secret) => isSame(text, secret));
}

function shownText(value: ShownValue, request: ChallengeRequest, secrets: SecretTexts): string | undefined {
  if ('literal' in value) return value.literal;
  if (!('hmac' in value)) return askedText(value, request);
  const { of, secret, digest, encoding, prefix } = value.hmac;
  const text = askedText(of, request);
  const [key] = secrets(secret);
  if (text === undefined || key === undefined || !SIGNABLE.test(text)) return undefined;
  return prefix + createHmac(digest, key).update(text).digest(encoding);
}

function askedText(asked: AskedValue, { url, headers, document }: ChallengeRequest): string | undefined {
  const value = rawValue(asked, url, headers, document);
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  return typeof text === 'string' && text !== '' && text.length <= MAX_LENGTH ? text : undefined;
}

/** What is given twice is given not at all. */
function rawValue(
  asked: AskedValue,
  url: string,
  headers: RawRequest['headers'],
  document: unknown,
): unknown {
  if ('json' in asked) return readJsonPath(document, asked.json);
  const all = 'query' in asked ? queryOf(url).getAll(asked.query) : (headers[asked.header] ?? []);
  return all.length === 1 ? all[0] : undefined;
}

/** In constant time, whatever the lengths: digests are compared. */
function isSame(text: string, secret: string): boolean {
  const digestOf = (each: string) => createHash('sha256').update(each).digest();
  return timingSafeEqual(digestOf(text), digestOf(secret));
}
