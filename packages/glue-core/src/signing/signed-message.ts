import { createHash } from 'node:crypto';
import { numberText } from '../json/json-number.js';
import { readJsonPath, type JsonPath } from '../json/json-path.js';
import { headerValues, type HeaderLists } from './header-source.js';
import type { HmacScheme, MessagePart } from './hmac-scheme.js';
import { queryOf } from './query.js';

/** What of a request can be signed. */
export interface SignedRequest {
  readonly headers: HeaderLists;
  /** Path and query. */
  readonly url: string;
  readonly body: Buffer;
}

/** Why there is no message. */
interface Problem {
  readonly problem: string;
}

/** What of a scheme makes the message. */
type MessageScheme = Pick<HmacScheme, 'message' | 'joiner' | 'urlBase'>;

/** The bytes that are signed, the same for who signs and who verifies. */
export function signedMessage(scheme: MessageScheme, request: SignedRequest): Buffer | Problem {
  const pieces: Buffer[] = [];
  for (const part of scheme.message) {
    const bytes = bytesOf(part, scheme, request);
    if (!Buffer.isBuffer(bytes)) return bytes;
    if (pieces.length > 0 && scheme.joiner !== '') pieces.push(Buffer.from(scheme.joiner));
    pieces.push(bytes);
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

function bytesOf(
  part: MessagePart,
  { urlBase = '' }: MessageScheme,
  request: SignedRequest,
): Buffer | Problem {
  if ('body' in part) return request.body;
  if ('literal' in part) return Buffer.from(part.literal);
  // Node reads the bytes of the request line and of headers as latin1.
  if ('url' in part) return Buffer.concat([Buffer.from(urlBase), Buffer.from(request.url, 'latin1')]);
  if ('form' in part) return formBytes(part.orHashInQuery, request);
  if ('json' in part) return textAt(request.body, part.json);
  const [value, ...more] = headerValues(request.headers, part);
  if (value === undefined || more.length > 0)
    return { problem: `the signed header ${part.header} is missing or repeated` };
  return Buffer.from(value, 'latin1');
}

/**
 * Far more than any provider sends. Forms are read before it is known who sent them, and URLSearchParams takes time by
 * the square of the number of names without a value.
 */
const MAX_FORM_FIELDS = 1_000;
const AMPERSAND = 0x26;

function separatorsIn(body: Buffer): number {
  let count = 0;
  for (
    let at = body.indexOf(AMPERSAND);
    at >= 0 && count <= MAX_FORM_FIELDS;
    at = body.indexOf(AMPERSAND, at + 1)
  )
    count += 1;
  return count;
}

/** A form, or nothing where the signed URL holds the hash of a body of another kind. */
function formBytes(hashName: string | undefined, { url, body }: SignedRequest): Buffer | Problem {
  const hashes = hashName === undefined ? [] : queryOf(url).getAll(hashName);
  if (hashes.length === 0) {
    if (separatorsIn(body) > MAX_FORM_FIELDS)
      return { problem: `the form has over ${MAX_FORM_FIELDS} fields` };
    return Buffer.from(sortedForm(body));
  }
  const actual = createHash('sha256').update(body).digest('hex');
  const isCovered = hashes.length === 1 && hashes[0]?.toLowerCase() === actual;
  return isCovered ? Buffer.alloc(0) : { problem: 'the signed hash is not that of the body' };
}

/** Twilio's way: https://www.twilio.com/docs/usage/security#validating-requests */
function sortedForm(body: Buffer): string {
  // A leading "?" would be dropped; a leading "&" stands for nothing.
  const pairs = [...new URLSearchParams(`&${body.toString()}`)];
  return pairs
    .sort(([a, x], [b, y]) => compare(a, b) || compare(x, y))
    .filter(([name, value], at) => name !== pairs[at - 1]?.[0] || value !== pairs[at - 1]?.[1])
    .flat()
    .join('');
}

/** The signature itself covers this value only; the scheme's other parts cover the body. */
function textAt(body: Buffer, path: JsonPath): Buffer | Problem {
  const json = body.toString();
  let document: unknown;
  try {
    document = JSON.parse(json);
  } catch {
    return { problem: 'the signed JSON value cannot be read' };
  }
  const value = readJsonPath(document, path);
  if (typeof value === 'number') return Buffer.from(numberText(json, path, value));
  if (typeof value === 'string' || typeof value === 'boolean') return Buffer.from(String(value));
  return { problem: 'the signed JSON value is missing' };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
