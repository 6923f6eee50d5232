import type { HmacScheme, MessagePart } from '../endpoint/hmac-scheme.js';
import { readJsonPath } from '../endpoint/json-path.js';
import { headerValues, type RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';

/** The bytes that the sender signed, put together again. */
export function verifiedMessage({ message, joiner }: HmacScheme, request: RawRequest): Buffer | Refusal {
  const pieces: Buffer[] = [];
  for (const part of message) {
    const bytes = bytesOf(part, request);
    if (bytes instanceof Refusal) return bytes;
    if (pieces.length > 0 && joiner !== '') pieces.push(Buffer.from(joiner));
    pieces.push(bytes);
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

function bytesOf(part: MessagePart, request: RawRequest): Buffer | Refusal {
  if ('body' in part) return request.body;
  if ('literal' in part) return Buffer.from(part.literal);
  if ('urlBase' in part) return Buffer.from(part.urlBase + request.url);
  if ('form' in part) return Buffer.from(sortedForm(request.body));
  if ('json' in part) return textAt(request.body, part.json);
  const [value, ...more] = headerValues(request.headers, part);
  if (value === undefined || more.length > 0)
    return new Refusal('signature', `the signed header ${part.header} is missing or repeated`);
  // Node reads header bytes as latin1.
  return Buffer.from(value, 'latin1');
}

/** Twilio's way: https://www.twilio.com/docs/usage/security#validating-requests */
function sortedForm(body: Buffer): string {
  const pairs = [...new URLSearchParams(body.toString())];
  return pairs
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .flat()
    .join('');
}

/** The signature itself covers this value only; the scheme's other parts cover the body. */
function textAt(body: Buffer, path: readonly (string | number)[]): Buffer | Refusal {
  let document: unknown;
  try {
    document = JSON.parse(body.toString());
  } catch {
    return new Refusal('signature', 'the signed JSON value cannot be read');
  }
  const value = readJsonPath(document, path);
  if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean')
    return new Refusal('signature', 'the signed JSON value is missing');
  return Buffer.from(String(value));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
