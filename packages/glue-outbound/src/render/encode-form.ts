import type { Json } from 'glue-core';
import { renderingError } from './rendering-error.js';

/**
 * Encodes an object as `application/x-www-form-urlencoded`, nested values in brackets as Stripe documents it
 * (https://docs.stripe.com/api): `metadata[order]=7`, `items[0][price]=p`. Null and empty collections become empty texts.
 * @throws GLUE_RENDERING when the payload is no object
 */
export function encodeForm(payload: Json): string {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload))
    throw renderingError('a form body needs an object as payload');
  const pairs = Object.entries(payload).flatMap(([key, value]) => pairsOf(key, value));
  return new URLSearchParams(pairs).toString();
}

function pairsOf(key: string, value: Json): [string, string][] {
  if (value === null) return [[key, '']];
  if (typeof value !== 'object') return [[key, String(value)]];
  const members = Object.entries(value);
  if (members.length === 0) return [[key, '']];
  return members.flatMap(([name, member]) => pairsOf(`${key}[${name}]`, member));
}
