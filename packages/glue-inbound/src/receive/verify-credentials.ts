import { timingSafeEqual } from 'node:crypto';
import { bearerProblem, decodeStrictly, queryOf, type ApiKeyPlace } from 'glue-core';
import { credentialDigest } from '../endpoint/credentials.js';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';
import { singleHeader } from './single-header.js';

/** `Authorization: Basic …` (RFC 7617). @param digests - of every `user:password` that is taken */
export function verifyBasic(digests: readonly Buffer[], request: RawRequest): Refusal | undefined {
  const text = authorization('basic', request);
  if (text instanceof Refusal) return text;
  const credentials = decodeStrictly(text, 'base64');
  return compare(digests, credentials ?? new Refusal('signature', 'the credentials are not base64'));
}

/** `Authorization: Bearer …` (RFC 6750 §2.1). @param digests - of every token that is taken */
export function verifyBearer(digests: readonly Buffer[], request: RawRequest): Refusal | undefined {
  const text = authorization('bearer', request);
  if (text instanceof Refusal) return text;
  return compare(
    digests,
    bearerProblem(text) === undefined ? Buffer.from(text) : new Refusal('signature', 'it is no bearer token'),
  );
}

/** A key in a header or in the query. @param digests - of every key that is taken */
export function verifyApiKey(
  place: ApiKeyPlace,
  digests: readonly Buffer[],
  request: RawRequest,
): Refusal | undefined {
  return compare(digests, 'query' in place ? keyInQuery(place.query, request) : keyInHeader(place, request));
}

function keyInQuery(name: string, { url }: RawRequest): Buffer | Refusal {
  const [value, ...more] = queryOf(url).getAll(name);
  if (value === undefined || more.length > 0)
    return new Refusal('signature', 'the key is missing in the query, or repeated');
  return Buffer.from(value);
}

function keyInHeader(
  { header, prefix }: Extract<ApiKeyPlace, { header: string }>,
  request: RawRequest,
): Buffer | Refusal {
  const value = singleHeader(request, header);
  if (value instanceof Refusal) return value;
  if (!value.startsWith(prefix))
    return new Refusal('signature', `the header ${header} holds no key of the kind`);
  // Node reads header bytes as latin1.
  return Buffer.from(value.slice(prefix.length), 'latin1');
}

/** What follows the scheme, whose name may be written in any case (RFC 9110 §11.1). */
function authorization(scheme: string, request: RawRequest): string | Refusal {
  const value = singleHeader(request, 'authorization');
  if (value instanceof Refusal) return value;
  const at = value.indexOf(' ');
  if (at < 0 || value.slice(0, at).toLowerCase() !== scheme)
    return new Refusal('signature', `the authorization is not of the scheme ${scheme}`);
  return value.slice(at).replace(/^ +/, '');
}

function compare(digests: readonly Buffer[], given: Buffer | Refusal): Refusal | undefined {
  if (given instanceof Refusal) return given;
  const digest = credentialDigest(given);
  const matches = digests.some((each) => timingSafeEqual(each, digest));
  return matches ? undefined : new Refusal('signature', 'the credentials are not those of the endpoint');
}
