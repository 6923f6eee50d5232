import { createHash } from 'node:crypto';
import type { Json } from 'glue-core';

/** Text of a JSON value in which members stand in order of their names, so that equal values give equal texts. */
export function canonicalJson(value: Json): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (isList(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${members.map(([name, member]) => `${JSON.stringify(name)}:${canonicalJson(member)}`).join(',')}}`;
}

/** SHA-256 over what a delivery holds, in hex: tells whether a key is used again for the same. */
export function contentHash(
  payload: Json | undefined,
  context: Readonly<Record<string, Json>>,
  headers: Readonly<Record<string, string>>,
): string {
  const content = payload === undefined ? [context, headers] : [context, headers, payload];
  return createHash('sha256').update(canonicalJson(content)).digest('hex');
}

/**
 * The id of a delivery with an idempotency key: a UUID of version 8 (RFC 9562) made of endpoint and key by SHA-256.
 * So a handler knows the id before anything is written, and equal keys are one delivery.
 */
export function keyedDeliveryId(endpointId: number, idempotencyKey: string): string {
  const bytes = createHash('sha256').update(`${endpointId}\n${idempotencyKey}`).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
