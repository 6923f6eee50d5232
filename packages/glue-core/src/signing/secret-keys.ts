import { createSecretKey, type KeyObject } from 'node:crypto';
import { isLiveSecret, type SecretWindow } from '../endpoint/endpoint-secret.js';
import type { FoundSecrets } from './find-secrets.js';
import type { HmacScheme } from './hmac-scheme.js';
import { decodeStrictly } from './strict-decoding.js';

/** What a secret stands for, or what is wrong with it, as the end of a sentence about it. */
export type Decoded<Key> = { readonly key: Key } | { readonly problem: string };

export interface TimedKey<Key> extends SecretWindow {
  readonly key: Key;
}

export interface Keys<Key> {
  readonly keys: readonly TimedKey<Key>[];
  /** Secrets that cannot be used. */
  readonly problems: readonly string[];
}

/** Decodes every secret. Never says what a secret is, only which one is wrong. */
export function decodeSecrets<Key>(
  { secrets, problems }: FoundSecrets,
  decode: (text: string) => Decoded<Key>,
): Keys<Key> {
  const keys: TimedKey<Key>[] = [];
  const wrong = [...problems];
  for (const { value, name, notBefore, notAfter } of secrets) {
    const decoded = decode(value);
    if ('key' in decoded) keys.push({ key: decoded.key, notBefore, notAfter });
    else wrong.push(`${name} ${decoded.problem}`);
  }
  return { keys, problems: wrong };
}

/** Those whose time it is. @param nowMs - the shared time, Unix milliseconds */
export function liveKeys<Key>(keys: readonly TimedKey<Key>[], nowMs: number): Key[] {
  return keys.filter((timed) => isLiveSecret(timed, nowMs)).map(({ key }) => key);
}

/** A secret as the key of an HMAC; made once, since with bytes instead each HMAC would cost four times as much. */
export function hmacKeyOf(
  { secretEncoding, secretPrefix }: Pick<HmacScheme, 'secretEncoding' | 'secretPrefix'>,
  text: string,
): Decoded<KeyObject> {
  const bare = text.startsWith(secretPrefix) ? text.slice(secretPrefix.length) : text;
  const key = secretEncoding === 'text' ? Buffer.from(bare) : decodeStrictly(bare, secretEncoding);
  if (key && key.length > 0) return { key: createSecretKey(key) };
  return { problem: secretEncoding === 'text' ? 'is empty' : `is not ${secretEncoding}` };
}
