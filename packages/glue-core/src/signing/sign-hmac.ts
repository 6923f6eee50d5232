import { createHmac, type KeyObject } from 'node:crypto';
import { headerListsOf, headersOf, type HeaderField } from './header-field.js';
import type { HmacScheme } from './hmac-scheme.js';
import { signedMessage, type SignedRequest } from './signed-message.js';

/**
 * The headers that sign a request by a scheme, those that are signed too among them.
 * @param keys - each makes a signature; where the scheme has room for one only, the first does
 * @param fields - headers that the message is made of, such as the timestamp
 * @returns a problem when the message cannot be made
 */
export function signHmac(
  scheme: HmacScheme,
  keys: readonly KeyObject[],
  fields: readonly HeaderField[],
  request: Pick<SignedRequest, 'url' | 'body'>,
): { readonly headers: Record<string, string> } | { readonly problem: string } {
  const { signature, digest, encoding } = scheme;
  const message = signedMessage(scheme, { ...request, headers: headerListsOf(headersOf(fields)) });
  if (!Buffer.isBuffer(message)) return message;
  const signatures = (signature.part === undefined ? keys.slice(0, 1) : keys).map((key) => ({
    source: signature,
    value: signature.prefix + createHmac(digest, key).update(message).digest(encoding),
  }));
  return { headers: headersOf([...fields, ...signatures]) };
}
