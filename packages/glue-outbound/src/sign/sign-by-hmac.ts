import type { KeyObject } from 'node:crypto';
import { hashedUrl, signHmac, type HmacScheme } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import { bodyBytes, signedFields, type SigningMoment } from './signed-fields.js';
import { Unsendable } from './unsendable.js';

/**
 * Signs by a scheme. Where the URL is signed it is the one that is called, unless the scheme says that the receiver knows
 * another base. A body that is no form is covered by its hash in the URL, where the scheme has it so.
 * @param keys - the newest first; where the scheme has room for one signature, that is its
 */
export function signByHmac(
  scheme: HmacScheme,
  keys: readonly KeyObject[],
  request: OutboundRequest,
  moment: SigningMoment,
): OutboundRequest | Unsendable {
  const body = bodyBytes(request.body);
  const { origin, pathname, search } = new URL(request.url);
  const path = pathname + search;
  const url = body.length === 0 || isForm(request) ? path : hashedUrl(scheme, { url: path, body });
  const located = { ...scheme, urlBase: scheme.urlBase ?? origin };
  const signed = signHmac(located, keys, signedFields(scheme, request, moment), { url, body });
  if ('problem' in signed) return new Unsendable('rendering', `it cannot be signed: ${signed.problem}`);
  return {
    ...request,
    ...(url !== path && { url: origin + url }),
    headers: { ...request.headers, ...signed.headers },
  };
}

function isForm({ headers }: OutboundRequest): boolean {
  return /^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(headers['content-type'] ?? '');
}
