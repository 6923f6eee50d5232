import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';
import { decodeStrictly, headerValues, signedMessage, type HmacScheme } from 'glue-core';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';
import { singleHeader } from './single-header.js';

/** Checks a signature made with a shared secret: any candidate by any key. */
export function verifyHmac(
  scheme: HmacScheme,
  keys: readonly KeyObject[],
  request: RawRequest,
): Refusal | undefined {
  const { header } = scheme.signature;
  const given = singleHeader(request, header);
  if (given instanceof Refusal) return given;
  const candidates = candidatesOf(scheme, request);
  if (candidates.length === 0)
    return new Refusal('signature', `the header ${header} holds no signature of the kind`);
  const message = signedMessage(scheme, request);
  if (!Buffer.isBuffer(message)) return new Refusal('signature', message.problem);
  const matches = keys.some((key) => isSignedBy(scheme, key, message, candidates));
  return matches ? undefined : new Refusal('signature', 'no signature matches the bytes received');
}

/** Whether one of the signatures is that of the message by this key. */
export function isSignedBy(
  { digest }: Pick<HmacScheme, 'digest'>,
  key: KeyObject,
  message: Buffer,
  candidates: readonly Buffer[],
): boolean {
  const expected = createHmac(digest, key).update(message).digest();
  // `timingSafeEqual` throws on unequal lengths; the length of a digest is no secret.
  return candidates.some((each) => each.length === expected.length && timingSafeEqual(each, expected));
}

/** The signatures of a header; what is of another version, or badly encoded, is skipped. */
export function candidatesOf(
  { signature, encoding }: Pick<HmacScheme, 'signature' | 'encoding'>,
  { headers }: RawRequest,
): Buffer[] {
  return headerValues(headers, signature).flatMap((text) => {
    if (!text.startsWith(signature.prefix)) return [];
    return decodeStrictly(text.slice(signature.prefix.length), encoding) ?? [];
  });
}
