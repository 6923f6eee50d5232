import { headerValues, ISO_TIMESTAMP, type TimestampSource } from 'glue-core';
import type { FreshnessLimits } from '../endpoint/endpoint-config.js';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';

/**
 * Whether the request is neither too old nor too far ahead; both limits are inclusive, in the timestamp's own unit.
 * @param nowMs - Unix milliseconds
 * @returns undefined when it is fresh, or when nothing is to be checked
 */
export function checkFreshness(
  { timestamp: own, maxAgeSeconds, maxFutureSeconds }: FreshnessLimits,
  signed: TimestampSource | undefined,
  { headers }: RawRequest,
  nowMs: number,
): Refusal | undefined {
  const source = own ?? signed;
  if (!source || (maxAgeSeconds === 0 && maxFutureSeconds === 0)) return undefined;
  const [text, ...more] = headerValues(headers, source);
  if (text === undefined || more.length > 0)
    return new Refusal('freshness', 'the timestamp is missing or repeated');
  const atMs = parseTimestamp(text, source.format);
  if (atMs === undefined) return new Refusal('freshness', `the timestamp is not ${source.format}`);
  const now = source.format === 'unix' ? Math.floor(nowMs / 1000) * 1000 : nowMs;
  if (maxAgeSeconds > 0 && now - atMs > maxAgeSeconds * 1000)
    return new Refusal('freshness', `the timestamp is more than ${maxAgeSeconds} s old`);
  if (maxFutureSeconds > 0 && atMs - now > maxFutureSeconds * 1000)
    return new Refusal('freshness', `the timestamp is more than ${maxFutureSeconds} s ahead`);
  return undefined;
}

/** @returns Unix milliseconds, or undefined when the text is not exactly in the format */
export function parseTimestamp(text: string, format: TimestampSource['format']): number | undefined {
  switch (format) {
    case 'unix':
      return /^\d{1,11}$/.test(text) ? Number(text) * 1000 : undefined;
    case 'unix_ms':
      return /^\d{1,14}$/.test(text) ? Number(text) : undefined;
    case 'iso8601': {
      const at = ISO_TIMESTAMP.test(text) ? Date.parse(text) : NaN;
      return Number.isNaN(at) ? undefined : at;
    }
  }
}
