import { createHash } from 'node:crypto';
import type { BodyPart, OutboundRequest, OutboundResponse } from '../delivery.js';
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
  secretHeaders: ReadonlySet<string> = new Set(),
): AttemptColumns {
  return {
    request: request ? JSON.stringify(requestForLog(request, redact, secretHeaders)) : null,
    response: response ? JSON.stringify(responseForLog(response, redact)) : null,
    status: response?.status ?? status ?? null,
  };
}

function requestForLog(
  { method, url, headers, body, parts }: OutboundRequest,
  redact: Redact,
  secretHeaders: ReadonlySet<string>,
): object {
  const common = { method, url: redact(url), headers: redactHeaders(headers, redact, secretHeaders) };
  if (parts) return { ...common, ...partsForLog(parts, redact) };
  if (body === undefined) return common;
  if (typeof body !== 'string') {
    const sha256 = createHash('sha256').update(body).digest('hex');
    return { ...common, bytes: body.length, sha256 };
  }
  // Redacted before it is cut, so that no half of a secret is left.
  const text = redact(body);
  return {
    ...common,
    body: text.slice(0, KEPT_CHARACTERS),
    ...(text.length > KEPT_CHARACTERS && { truncated: true }),
  };
}

/** Files by their hash; what else a multipart body holds up to the cap. */
function partsForLog(parts: readonly BodyPart[], redact: Redact): { parts: BodyPart[]; truncated?: true } {
  const kept: BodyPart[] = [];
  let room = KEPT_CHARACTERS;
  for (const part of parts) {
    const shown = redactedPart(part, redact);
    room -= JSON.stringify(shown).length;
    if (room < 0) return { parts: kept, truncated: true };
    kept.push(shown);
  }
  return { parts: kept };
}

function redactedPart(part: BodyPart, redact: Redact): BodyPart {
  const name = redact(part.name);
  return 'file' in part
    ? { name, file: { ...part.file, name: redact(part.file.name) } }
    : { name, text: redact(part.text) };
}

function responseForLog({ status, headers, body, truncated }: OutboundResponse, redact: Redact): object {
  return {
    status,
    headers: redactHeaders(headers, redact),
    body: redact(body, truncated),
    ...(truncated && { truncated }),
  };
}
