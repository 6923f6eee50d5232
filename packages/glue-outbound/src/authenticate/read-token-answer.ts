import { bearerProblem, messageOf } from 'glue-core';
import { processClientCredentialsResponse, ResponseBodyError } from 'oauth4webapi';
import type { OutboundResponse } from '../delivery.js';
import { retryAfterSeconds } from '../dispatch/retry-after.js';
import type { Token } from './token-cache.js';
import { TokenFailure } from './token-failure.js';

/** A token is used no more so long before it ends, or a quarter of its life before, in milliseconds. */
const MARGIN_MS = 30_000;
/** Statuses below 500 that say "later" rather than "no", and not for being too many. */
const LATER: ReadonlySet<number> = new Set([408, 425]);
/** Longer headers are refused by most servers, and by none with a word about the token. */
const MAX_TOKEN_CHARACTERS = 8_192;
/** What an error can be called, and what is said of it (RFC 6749 §5.2). */
const ERROR_TEXT = /^[\x20\x21\x23-\x5b\x5d-\x7e]{1,1000}$/;

/** What is known of an answer beside it. */
export interface TokenQuestion {
  /** How messages call who answered. */
  readonly where: string;
  /** When the token was asked for, by the clock that only goes forward, in milliseconds. */
  readonly begunAtMs: number;
  /** The shared time, Unix milliseconds. */
  readonly nowMs: number;
}

/**
 * What a token endpoint's answer means. "Later" and answers that are none are the far side's, and are tried again.
 * "No" is about the client and what it asks for, so about our configuration.
 */
export async function readTokenAnswer(
  { status, headers, body, truncated }: OutboundResponse,
  { where, begunAtMs, nowMs }: TokenQuestion,
): Promise<Token | TokenFailure> {
  const answered = `${where} answered ${status}`;
  const seconds = retryAfterSeconds(headers['retry-after'], nowMs);
  if (status === 429) return new TokenFailure('throttled', answered, seconds);
  if (status >= 500) return new TokenFailure('http_5xx', answered, seconds);
  if (LATER.has(status)) return new TokenFailure('http_4xx', answered, seconds);
  if (truncated) return new TokenFailure('too_large', `${answered} with more than a token`);
  if (status !== 200 && status < 400) return new TokenFailure('protocol', `${answered}, which is no token`);
  const contentType = headers['content-type'] ?? '';
  try {
    const { access_token, token_type, expires_in } = await processClientCredentialsResponse(
      { issuer: where },
      { client_id: where },
      conformResponse(status, contentType, body),
    );
    if (token_type !== 'bearer' || bearerProblem(access_token) !== undefined)
      return new TokenFailure('protocol', `${answered} with what is no bearer token`);
    if (access_token.length > MAX_TOKEN_CHARACTERS)
      return new TokenFailure(
        'too_large',
        `${answered} with a token of ${access_token.length} characters, and no more than ${MAX_TOKEN_CHARACTERS} are sent`,
      );
    return { value: access_token, usableUntilMs: begunAtMs + usableMs(expires_in) };
  } catch (error) {
    if (error instanceof ResponseBodyError)
      return new TokenFailure('internal', `${answered}: ${refusalText(error)}`);
    return status >= 400
      ? new TokenFailure('internal', answered)
      : new TokenFailure('protocol', `${answered}, which is no token: ${messageOf(error)}`);
  }
}

/**
 * The answer with nothing but what says something here. Vendors add members in their own way, which the library would
 * judge (`null` for what is absent, an ID token of another issuer), or refuse with 200. What is no JSON object stays.
 */
function conformResponse(status: number, contentType: string, body: string): Response {
  const { access_token, token_type, expires_in, error, error_description } = membersOf(body);
  const isRefusal = access_token === undefined && typeof error === 'string';
  const kept = { access_token, token_type, expires_in: expires_in ?? undefined, error, error_description };
  return new Response(JSON.stringify(kept) === '{}' ? body : JSON.stringify(kept), {
    status: isRefusal && status === 200 ? 400 : status,
    headers: { 'content-type': contentType },
  });
}

function membersOf(body: string): Readonly<Record<string, unknown>> {
  try {
    return Object(JSON.parse(body) as unknown) as Readonly<Record<string, unknown>>;
  } catch {
    return {};
  }
}

/** In milliseconds. @param expiresIn - seconds; absent: nobody knows but the receiver */
function usableMs(expiresIn: number | undefined): number {
  if (expiresIn === undefined) return Infinity;
  const lifeMs = expiresIn * 1_000;
  return lifeMs - Math.min(MARGIN_MS, lifeMs / 4);
}

function refusalText({ error, error_description: description = '' }: ResponseBodyError): string {
  return [error, description].filter((text) => ERROR_TEXT.test(text)).join(', ') || 'an error without a name';
}
