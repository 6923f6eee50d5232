import { decodeStrictly } from './strict-decoding.js';
import type { HmacVerification } from './verification.js';

/** The keys to try, or why there are none. */
export type SecretKeys = { readonly keys: readonly Buffer[] } | { readonly problem: string };

/** Turns the named settings of a backend into keys. Never says what a secret is, only which setting is wrong. */
export function secretKeysOf(
  { secrets, secretEncoding, secretPrefix }: HmacVerification,
  settings: unknown,
): SecretKeys {
  const keys: Buffer[] = [];
  for (const { setting } of secrets) {
    const texts = textsOf(settings, setting);
    if (texts.length === 0) return { problem: `the setting "${setting}" of the backend holds no secret` };
    for (const text of texts) {
      const bare = text.startsWith(secretPrefix) ? text.slice(secretPrefix.length) : text;
      const key = secretEncoding === 'text' ? Buffer.from(bare) : decodeStrictly(bare, secretEncoding);
      if (!key || key.length === 0) return { problem: `the setting "${setting}" is not ${secretEncoding}` };
      keys.push(key);
    }
  }
  return { keys };
}

function textsOf(settings: unknown, name: string): string[] {
  if (typeof settings !== 'object' || settings === null || !Object.hasOwn(settings, name)) return [];
  const value = (settings as Record<string, unknown>)[name];
  const all: unknown[] = Array.isArray(value) ? value : [value];
  return all.filter((text) => typeof text === 'string' && text !== '') as string[];
}
