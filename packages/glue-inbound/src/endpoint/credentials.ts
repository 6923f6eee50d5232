import { createHash } from 'node:crypto';
import { settingOf, type Decoded } from 'glue-core';
import type { VerificationOf } from './verification.js';

/** What is compared instead of a secret: equally long, whatever it is made of. */
export function credentialDigest(credential: string | Buffer): Buffer {
  return createHash('sha256').update(credential).digest();
}

/** The user name of mode `basic`; or why there is none. @param settings - of the linked backend */
export function usernameOf(
  { username }: VerificationOf<'basic'>,
  settings: unknown,
): string | { readonly reason: string } {
  if (typeof username === 'string') return username;
  const found = settingOf(settings, username.setting);
  if (typeof found === 'string' && found !== '') return found;
  return { reason: `the setting "${username.setting}" of the backend holds no user name: set it` };
}

/** RFC 7617: user name, colon, password, in UTF-8. */
export function basicKeyOf(username: string, password: string): Decoded<Buffer> {
  return { key: credentialDigest(`${username}:${password}`) };
}

/** RFC 6750 §2.1 says of what a bearer token is made. */
export const bearerToken = /^[A-Za-z0-9._~+/-]+=*$/;

export function bearerKeyOf(token: string): Decoded<Buffer> {
  if (!bearerToken.test(token))
    return { problem: 'is no bearer token (RFC 6750: A-Z a-z 0-9 - . _ ~ + / =)' };
  return { key: credentialDigest(token) };
}

export function apiKeyOf(key: string): Decoded<Buffer> {
  if (key !== key.trim()) return { problem: 'has blanks around it, which a header cannot have' };
  return { key: credentialDigest(key) };
}
