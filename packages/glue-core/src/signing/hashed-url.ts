import { createHash } from 'node:crypto';
import type { HmacScheme } from './hmac-scheme.js';
import { queryOf } from './query.js';

/** Adds the hash of the body to a URL where the scheme covers bodies of every kind so; or gives the URL as it is. */
export function hashedUrl(
  { message }: Pick<HmacScheme, 'message'>,
  { url, body }: { readonly url: string; readonly body: Buffer },
): string {
  const name = message.flatMap((part) => ('form' in part ? (part.orHashInQuery ?? []) : []))[0];
  if (name === undefined) return url;
  return withQuery(url, name, createHash('sha256').update(body).digest('hex'));
}

/** Adds a parameter to a URL without a fragment, unless it has one of that name. */
export function withQuery(url: string, name: string, value: string): string {
  if (queryOf(url).has(name)) return url;
  return url + (url.includes('?') ? '&' : '?') + new URLSearchParams([[name, value]]).toString();
}
