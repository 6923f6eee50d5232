import type { ServerResponse } from 'node:http';
import type { Acknowledgement } from '../endpoint/acknowledgement.js';
import type { ChallengeAnswer } from './challenge.js';
import type { Refusal, RejectionCause } from './refusal.js';

/** What a caller gets. */
export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string>>;
}

const JSON_TYPE = 'application/json; charset=utf-8';
const TEXT_TYPE = 'text/plain; charset=utf-8';
/** After which a provider should come again, in seconds. */
const RETRY_AFTER = { 'retry-after': '30' };

const answer = (status: number, text: string, contentType: string, headers?: Answer['headers']): Answer => ({
  status,
  text,
  headers: { ...(text !== '' && { 'content-type': contentType }), 'cache-control': 'no-store', ...headers },
});

/** One small fixed JSON body per answer, which tells nothing about the endpoint. */
const refuse = (status: number, code: string, message: string, headers?: Answer['headers']): Answer =>
  answer(status, JSON.stringify({ error: { code, message } }), JSON_TYPE, headers);

const notFound = refuse(404, 'not_found', 'There is nothing here.');
const unproven = refuse(401, 'unauthorized', 'The request could not be verified.');
const malformed = refuse(400, 'bad_request', 'The request is malformed.');
const unsupported = refuse(415, 'unsupported_media_type', 'The content of the request is not supported.');

/** Not accepted, through no fault of the caller. */
export const unavailable = refuse(503, 'unavailable', 'Try again later.', RETRY_AFTER);
/** The same from a host that ends: the caller had better connect anew. */
export const stopping = withHeader(unavailable, { connection: 'close' });

/** The answer to each cause of a rejection. */
const refusalAnswers: Readonly<Record<RejectionCause, Answer>> = {
  unknown_endpoint: notFound,
  endpoint_inactive: notFound,
  signature: unproven,
  freshness: unproven,
  payload: malformed,
  validation: malformed,
  too_large: refuse(413, 'too_large', 'The body is too large.'),
  content_type: unsupported,
  encoding: unsupported,
  method: refuse(405, 'method_not_allowed', 'The method is not answered here.'),
  ip: refuse(403, 'forbidden', 'The request is not allowed.'),
  rate: refuse(429, 'too_many_requests', 'There are too many requests.'),
  configuration: unavailable,
  timeout: refuse(408, 'timeout', 'The request took too long.'),
};

/** What an endpoint says of itself in some refusals. */
export interface RefusalHeaders {
  /** The methods that are answered. */
  readonly allow: string;
  /** The credentials that are asked for (RFC 9110 section 11.6.1), if any. */
  readonly wwwAuthenticate?: string | undefined;
}

/** The answer to a request that is refused. */
export function refusalAnswer(
  { cause, retryAfterMs }: Refusal,
  { allow, wwwAuthenticate }: RefusalHeaders,
): Answer {
  const fixed = refusalAnswers[cause];
  if (fixed.status === 405) return withHeader(fixed, { allow });
  if (fixed.status === 401 && wwwAuthenticate !== undefined)
    return withHeader(fixed, { 'www-authenticate': wwwAuthenticate });
  if (retryAfterMs === undefined) return fixed;
  return withHeader(fixed, { 'retry-after': String(Math.max(1, Math.ceil(retryAfterMs / 1000))) });
}

function withHeader(given: Answer, header: Answer['headers']): Answer {
  return { ...given, headers: { ...given.headers, ...header } };
}

/** Makes the answer to accepted requests: the same for a new event, a duplicate and a replay. */
export function acknowledge({
  status,
  body,
  contentType = TEXT_TYPE,
}: Acknowledgement): (eventId: string) => Answer {
  if (body !== undefined) {
    const fixed = answer(status, body, contentType);
    return () => fixed;
  }
  const { headers } = answer(status, '{}', JSON_TYPE);
  return (eventId) => ({ status, text: JSON.stringify({ status: 'accepted', event_id: eventId }), headers });
}

/** Nothing that a challenge holds is taken for a page by a browser. */
export function challengeAnswer(given: ChallengeAnswer): Answer {
  const headers = { 'x-content-type-options': 'nosniff' };
  return 'text' in given
    ? answer(200, given.text, TEXT_TYPE, headers)
    : answer(200, JSON.stringify(given.json), JSON_TYPE, headers);
}

/** RFC 9110 section 8.6: an answer that never has a body has no length either. */
const hasLength = (status: number) => status !== 204;

/** The one place that answers. A caller who has gone gets nothing. */
export function writeAnswer(response: ServerResponse, { status, text, headers }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const length = hasLength(status) ? { 'content-length': Buffer.byteLength(text) } : undefined;
  response.writeHead(status, { ...headers, ...length });
  response.end(text);
}
