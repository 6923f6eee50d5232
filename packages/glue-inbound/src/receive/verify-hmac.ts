import { createHmac, timingSafeEqual } from 'node:crypto';
import type { HmacScheme } from '../endpoint/hmac-scheme.js';
import { decodeStrictly } from '../endpoint/strict-decoding.js';
import { headerValues, type RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';
import { verifiedMessage } from './verify-message.js';

/** Checks a signature made with a shared secret: any candidate by any key. */
export function verifyHmac(
  scheme: HmacScheme,
  keys: readonly Buffer[],
  request: RawRequest,
): Refusal | undefined {
  const { header } = scheme.signature;
  const given = request.headers[header] ?? [];
  if (given.length === 0) return new Refusal('signature', `the header ${header} is missing`);
  if (given.length > 1) return new Refusal('signature', `the header ${header} is repeated`);
  const candidates = candidatesOf(scheme, request);
  if (candidates.length === 0)
    return new Refusal('signature', `the header ${header} holds no signature of the kind`);
  const message = verifiedMessage(scheme, request);
  if (message instanceof Refusal) return message;

  const expected = keys.map((key) => createHmac(scheme.digest, key).update(message).digest());
  const matches = expected.some((digest) => candidates.some((candidate) => isSame(digest, candidate)));
  return matches ? undefined : new Refusal('signature', 'no signature matches the bytes received');
}

/** What is of another version, or badly encoded, is skipped. */
function candidatesOf({ signature, encoding }: HmacScheme, { headers }: RawRequest): Buffer[] {
  return headerValues(headers, signature).flatMap((text) => {
    if (!text.startsWith(signature.prefix)) return [];
    return decodeStrictly(text.slice(signature.prefix.length), encoding) ?? [];
  });
}

/** `timingSafeEqual` throws on unequal lengths; the length of a digest is no secret. */
function isSame(digest: Buffer, candidate: Buffer): boolean {
  return digest.length === candidate.length && timingSafeEqual(digest, candidate);
}
