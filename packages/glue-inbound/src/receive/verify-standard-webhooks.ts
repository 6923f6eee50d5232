import { verify } from 'node:crypto';
import { standardScheme, signedMessage, type StandardKey } from 'glue-core';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';
import { singleHeader } from './single-header.js';
import { candidatesOf, isSignedBy } from './verify-hmac.js';

const { signature } = standardScheme;
const asymmetric = { ...standardScheme, signature: { ...signature, part: 'v1a' } };

/** Of ed25519, in bytes. */
const SIGNATURE_BYTES = 64;
/** Such a signature takes a hundred times longer to check than `v1`; more of them than anybody rotates are an attack. */
const MOST_ASYMMETRIC = 8;

/**
 * Checks the signatures of Standard Webhooks, any by any key: `v1` by shared secrets, `v1a` by public keys.
 * https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
 */
export function verifyStandardWebhooks(
  keys: readonly StandardKey[],
  request: RawRequest,
): Refusal | undefined {
  const given = singleHeader(request, signature.header);
  if (given instanceof Refusal) return given;
  const message = signedMessage(standardScheme, request);
  if (!Buffer.isBuffer(message)) return new Refusal('signature', message.problem);
  const shared = candidatesOf(standardScheme, request);
  const signed = candidatesOf(asymmetric, request)
    .filter(({ length }) => length === SIGNATURE_BYTES)
    .slice(0, MOST_ASYMMETRIC);
  const matches = keys.some((key) => {
    switch (key.version) {
      case 'v1':
        return shared.length > 0 && isSignedBy(standardScheme, key.secret, message, shared);
      case 'v1a':
        return signed.some((each) => verify(null, message, key.publicKey, each));
    }
  });
  return matches ? undefined : new Refusal('signature', 'no signature matches the bytes received');
}
