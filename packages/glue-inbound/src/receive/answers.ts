import type { ServerResponse } from 'node:http';
import type { RejectionCause } from './refusal.js';

/** What a caller gets: one small fixed JSON body per answer, which tells nothing about the endpoint. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: object;
}

/** After which a provider should come again, in seconds. */
const RETRY_AFTER = { 'retry-after': '30' };

const refuse = (status: number, code: string, message: string, headers?: Answer['headers']): Answer => ({
  status,
  body: { error: { code, message } },
  ...(headers && { headers }),
});

const notFound = refuse(404, 'not_found', 'There is nothing here.');
const unproven = refuse(401, 'unauthorized', 'The request could not be verified.');
const malformed = refuse(400, 'bad_request', 'The request is malformed.');
const unsupported = refuse(415, 'unsupported_media_type', 'The content of the request is not supported.');

/** Not accepted, through no fault of the caller. */
export const unavailable = refuse(503, 'unavailable', 'Try again later.', RETRY_AFTER);

/** The answer to each cause of a rejection. */
export const refusalAnswers: Readonly<Record<RejectionCause, Answer>> = {
  unknown_endpoint: notFound,
  endpoint_inactive: notFound,
  signature: unproven,
  freshness: unproven,
  payload: malformed,
  validation: malformed,
  too_large: refuse(413, 'too_large', 'The body is too large.'),
  content_type: unsupported,
  encoding: unsupported,
  method: refuse(405, 'method_not_allowed', 'Only POST is answered here.', { allow: 'POST' }),
  ip: refuse(403, 'forbidden', 'The request is not allowed.'),
  rate: refuse(429, 'too_many_requests', 'There are too many requests.', RETRY_AFTER),
  configuration: unavailable,
  timeout: refuse(408, 'timeout', 'The request took too long.'),
};

/** The same for a new event, a duplicate and a replay. */
export function accepted(eventId: string): Answer {
  return { status: 202, body: { status: 'accepted', event_id: eventId } };
}

/** The one place that answers. A caller who has gone gets nothing. */
export function writeAnswer(response: ServerResponse, { status, headers, body }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  const text = JSON.stringify(body);
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...headers,
  });
  response.end(text);
}
