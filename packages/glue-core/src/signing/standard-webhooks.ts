import { createPublicKey, type KeyObject } from 'node:crypto';
import type { HeaderSource } from './header-source.js';
import type { HmacScheme } from './hmac-scheme.js';
import { hmacKeyOf, type Decoded } from './secret-keys.js';
import { decodeStrictly } from './strict-decoding.js';

const whole = (header: string): HeaderSource => ({ header, listSeparator: ',', pairSeparator: '=' });
const timestamp = { ...whole('webhook-timestamp'), format: 'unix' } as const;

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, its symmetric form */
export const standardScheme: HmacScheme = {
  digest: 'sha256',
  encoding: 'base64',
  signature: { header: 'webhook-signature', part: 'v1', listSeparator: ' ', pairSeparator: ',', prefix: '' },
  message: [whole('webhook-id'), timestamp, { body: 'raw' }],
  joiner: '.',
  secretEncoding: 'base64',
  secretPrefix: 'whsec_',
  timestamp,
};

/** A shared secret proves signatures `v1`, a public key `v1a`. */
export type StandardKey =
  | { readonly version: 'v1'; readonly secret: KeyObject }
  | { readonly version: 'v1a'; readonly publicKey: KeyObject };

export const PUBLIC_PREFIX = 'whpk_';
export const PRIVATE_PREFIX = 'whsk_';
const PUBLIC_KEY_BYTES = 32;

/** `whpk_…` is an ed25519 public key, anything else a shared secret in base64, with or without `whsec_`. */
export function standardKeyOf(text: string): Decoded<StandardKey> {
  if (text.startsWith(PRIVATE_PREFIX))
    return {
      problem: `is the sender's private key (${PRIVATE_PREFIX}): give the public one (${PUBLIC_PREFIX})`,
    };
  if (text.startsWith(PUBLIC_PREFIX)) return publicKeyOf(text.slice(PUBLIC_PREFIX.length));
  const decoded = hmacKeyOf(standardScheme, text);
  return 'key' in decoded ? { key: { version: 'v1', secret: decoded.key } } : decoded;
}

function publicKeyOf(text: string): Decoded<StandardKey> {
  const bytes = decodeStrictly(text, 'base64');
  if (bytes?.length !== PUBLIC_KEY_BYTES)
    return { problem: `is no public key: ${PUBLIC_PREFIX} and ${PUBLIC_KEY_BYTES} bytes in base64` };
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return { key: { version: 'v1a', publicKey: createPublicKey({ key: jwk, format: 'jwk' }) } };
}

/** The secrets that can sign, not only verify. */
export function sharedKeyOf(text: string): Decoded<KeyObject> {
  const decoded = standardKeyOf(text);
  if ('problem' in decoded) return decoded;
  if (decoded.key.version === 'v1') return { key: decoded.key.secret };
  return { problem: `is a public key (${PUBLIC_PREFIX}), which verifies and cannot sign` };
}
