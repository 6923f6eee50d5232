import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Decoded } from './secret-keys.js';
import { sharedKeyOf, PRIVATE_PREFIX, PUBLIC_PREFIX } from './standard-webhooks.js';
import { decodeStrictly } from './strict-decoding.js';

/** A shared secret makes signatures `v1`, a private key `v1a`. */
export interface StandardSigningKey {
  readonly version: 'v1' | 'v1a';
  readonly key: KeyObject;
}

/** What stands before the 32 bytes of an ed25519 private key in PKCS #8 (RFC 8410 §7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;
const PAIR_BYTES = 64;

/**
 * `whsk_…` is an ed25519 private key, 32 bytes in base64, or 64 with its public key behind it; anything else is a shared
 * secret in base64, with or without `whsec_`.
 */
export function standardSigningKeyOf(text: string): Decoded<StandardSigningKey> {
  if (text.startsWith(PUBLIC_PREFIX))
    return {
      problem: `is the receiver's public key (${PUBLIC_PREFIX}): give the private one (${PRIVATE_PREFIX})`,
    };
  if (text.startsWith(PRIVATE_PREFIX)) return privateKeyOf(text.slice(PRIVATE_PREFIX.length));
  const decoded = sharedKeyOf(text);
  return 'key' in decoded ? { key: { version: 'v1', key: decoded.key } } : decoded;
}

function privateKeyOf(text: string): Decoded<StandardSigningKey> {
  const bytes = decodeStrictly(text, 'base64');
  if (!bytes || (bytes.length !== SEED_BYTES && bytes.length !== PAIR_BYTES))
    return {
      problem: `is no private key: ${PRIVATE_PREFIX} and ${SEED_BYTES} or ${PAIR_BYTES} bytes in base64`,
    };
  const der = Buffer.concat([PKCS8_PREFIX, bytes.subarray(0, SEED_BYTES)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicBytes = createPublicKey(key).export({ format: 'jwk' }).x;
  if (bytes.length === PAIR_BYTES && bytes.subarray(SEED_BYTES).toString('base64url') !== publicBytes)
    return { problem: 'is a private key with the public key of another one behind it' };
  return { key: { version: 'v1a', key } };
}
