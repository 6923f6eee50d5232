import { isSameHeader, timestampField, type HeaderField, type HmacScheme } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';

/** What belongs to one attempt. */
export interface SigningMoment {
  /** Id of the delivery: the same at each attempt, so that receivers know it again. */
  readonly deliveryId: string;
  /** The shared time, Unix milliseconds. */
  readonly nowMs: number;
}

/**
 * The headers that a scheme signs: the time of the attempt, what the request has already, and for any other one the id
 * of the delivery.
 */
export function signedFields(
  { message, timestamp }: Pick<HmacScheme, 'message' | 'timestamp'>,
  { headers }: OutboundRequest,
  { deliveryId, nowMs }: SigningMoment,
): HeaderField[] {
  const fields: HeaderField[] = timestamp ? [timestampField(timestamp, nowMs)] : [];
  for (const part of message) {
    if (!('header' in part)) continue;
    const present = headers[part.header];
    const field =
      present === undefined
        ? { source: part, value: deliveryId }
        : { source: { ...part, part: undefined }, value: present };
    if (!fields.some(({ source }) => isSameHeader(source, field.source))) fields.push(field);
  }
  return fields;
}

/** The bytes that go. */
export function bodyBytes(body: OutboundRequest['body']): Buffer {
  return typeof body === 'string' ? Buffer.from(body) : Buffer.from(body ?? []);
}
