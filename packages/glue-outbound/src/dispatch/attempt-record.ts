import type { OutboundRequest, OutboundResponse } from '../delivery.js';
import { redactHeaders, type Redact } from './redact.js';

/** Characters of a request body that the log keeps. */
const KEPT_CHARACTERS = 65_536;

/** What outbound adds to a row of the attempt log. Texts are JSON. */
export interface AttemptColumns {
  readonly request: string | null;
  readonly response: string | null;
  readonly status: number | null;
  readonly [column: string]: string | number | null;
}

/** The request as sent and the response as received, secrets redacted. */
export function attemptColumns(
  { request, response, status }: { request?: OutboundRequest; response?: OutboundResponse; status?: number },
  redact: Redact,
): AttemptColumns {
  return {
    request: request ? JSON.stringify(requestForLog(request, redact)) : null,
    response: response ? JSON.stringify(responseForLog(response, redact)) : null,
    status: response?.status ?? status ?? null,
  };
}

function requestForLog({ method, url, headers, body }: OutboundRequest, redact: Redact): object {
  const common = { method, url: redact(url), headers: redactHeaders(headers, redact) };
  if (body === undefined) return common;
  if (typeof body !== 'string') return { ...common, bytes: body.length };
  // Redacted before it is cut, so that no half of a secret is left.
  const text = redact(body);
  return {
    ...common,
    body: text.slice(0, KEPT_CHARACTERS),
    ...(text.length > KEPT_CHARACTERS && { truncated: true }),
  };
}

function responseForLog({ status, headers, body, truncated }: OutboundResponse, redact: Redact): object {
  return {
    status,
    headers: redactHeaders(headers, redact),
    body: redact(body),
    ...(truncated && { truncated }),
  };
}
