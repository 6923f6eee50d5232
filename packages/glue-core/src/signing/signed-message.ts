import { createHash } from 'node:crypto';
import type { JsonPath } from '../json/json-path.js';
import { headerValues, type HeaderLists, type HeaderSource } from './header-source.js';
import type { HmacScheme, MessagePart } from './hmac-scheme.js';
import { blursBoundary } from './part-boundary.js';
import { queryOf } from './query.js';
import { jsonValues, sortedForm, type Problem } from './unproven-body.js';

/** What of a request can be signed. */
export interface SignedRequest {
  readonly headers: HeaderLists;
  /** Path and query. */
  readonly url: string;
  readonly body: Buffer;
}

/** What of a scheme makes the message. */
type MessageScheme = Pick<HmacScheme, 'message' | 'joiner' | 'urlBase' | 'timestamp'>;

/** The bytes that are signed, the same for who signs and who verifies. Joined parts make no two requests alike. */
export function signedMessage(scheme: MessageScheme, request: SignedRequest): Buffer | Problem {
  const pieces: Buffer[] = [];
  const readJson = jsonValues(request.body);
  for (const [at, part] of scheme.message.entries()) {
    const bytes = bytesOf(part, scheme, request, readJson);
    if (!Buffer.isBuffer(bytes)) return bytes;
    if (blursBoundary(scheme, at, bytes))
      return { problem: `${nameOf(part)} holds the joiner "${scheme.joiner}"` };
    if (pieces.length > 0 && scheme.joiner !== '') pieces.push(Buffer.from(scheme.joiner));
    pieces.push(bytes);
  }
  return pieces.length === 1 && pieces[0] ? pieces[0] : Buffer.concat(pieces);
}

/** The headers, or parts of them, that a message holds. */
export function signedHeaders(message: readonly MessagePart[]): HeaderSource[] {
  return message.flatMap((part) => ('header' in part ? [part] : []));
}

function bytesOf(
  part: MessagePart,
  { urlBase = '' }: MessageScheme,
  request: SignedRequest,
  readJson: (path: JsonPath) => Buffer | Problem,
): Buffer | Problem {
  if ('body' in part) return request.body;
  if ('literal' in part) return Buffer.from(part.literal);
  // Node reads the bytes of the request line and of headers as latin1.
  if ('url' in part) return Buffer.concat([Buffer.from(urlBase), Buffer.from(request.url, 'latin1')]);
  if ('form' in part) return formBytes(part.orHashInQuery, request);
  if ('json' in part) return readJson(part.json);
  const [value, ...more] = headerValues(request.headers, part);
  if (value === undefined || more.length > 0)
    return { problem: `the signed header ${part.header} is missing or repeated` };
  return Buffer.from(value, 'latin1');
}

function nameOf(part: MessagePart): string {
  if ('header' in part) return `the signed header ${part.header}`;
  return 'url' in part ? 'the query of the signed URL' : 'the signed JSON value';
}

/** A form, or nothing where the signed URL holds the hash of a body of another kind. */
function formBytes(hashName: string | undefined, { url, body }: SignedRequest): Buffer | Problem {
  const hashes = hashName === undefined ? [] : queryOf(url).getAll(hashName);
  if (hashes.length === 0) return sortedForm(body);
  const actual = createHash('sha256').update(body).digest('hex');
  const isCovered = hashes.length === 1 && hashes[0]?.toLowerCase() === actual;
  return isCovered ? Buffer.alloc(0) : { problem: 'the signed hash is not that of the body' };
}
