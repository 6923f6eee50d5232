import { createHmac } from 'node:crypto';
import type { HmacScheme } from 'glue-core';

/** Signs by a scheme whose message is made of literals, headers and the raw body; written apart from what is tested. */
export function sign(scheme: HmacScheme, key: Buffer, headers: Record<string, string>, body: Buffer): string {
  const parts = scheme.message.map((part) => {
    if ('body' in part) return body;
    if ('literal' in part) return Buffer.from(part.literal);
    if ('header' in part && part.part === undefined) return Buffer.from(headers[part.header] ?? '', 'latin1');
    throw new Error('not signed here');
  });
  const hmac = createHmac(scheme.digest, key);
  parts.forEach((part, index) => {
    if (index > 0) hmac.update(scheme.joiner);
    hmac.update(part);
  });
  const text = scheme.signature.prefix + hmac.digest(scheme.encoding);
  return scheme.signature.part === undefined
    ? text
    : `${scheme.signature.part}${scheme.signature.pairSeparator}${text}`;
}

/** Headers as Node's `headersDistinct` gives them. */
export function distinct(headers: Record<string, string>): Record<string, string[]> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), [value]]));
}
