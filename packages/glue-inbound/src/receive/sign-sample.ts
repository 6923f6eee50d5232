import { createHmac } from 'node:crypto';
import { GlueError } from 'glue-core';
import type { HmacScheme, TimestampSource } from '../endpoint/hmac-scheme.js';
import type { InboundConfig } from '../endpoint/inbound-config.js';
import { secretKeysOf } from '../endpoint/secret-keys.js';
import type { HeaderSource } from '../endpoint/source.js';
import type { HmacVerification } from '../endpoint/verification.js';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';
import { verifiedMessage } from './verify-message.js';

/** A header, or one part of it, with its value. */
interface Field {
  readonly source: HeaderSource;
  readonly value: string;
}

/**
 * The headers by which an endpoint takes a request for its provider's: the inverse of `verify`. For samples and
 * simulators; pure.
 * @param settings - of the endpoint's backend, secrets in clear
 * @param request.url - path and query, as the request line will hold them
 * @throws GLUE_ENDPOINT_INCOMPLETE when the settings hold no secret to sign with
 */
export function signSample(
  { verification, freshness }: InboundConfig,
  settings: unknown,
  request: Pick<RawRequest, 'url' | 'body'>,
  nowMs: number,
): Record<string, string> {
  switch (verification.mode) {
    case 'none':
      return headersOf(freshness.timestamp ? [timestampField(freshness.timestamp, nowMs)] : []);
    case 'hmac':
      return signHmac(verification, freshness.timestamp ?? verification.timestamp, settings, request, nowMs);
  }
}

function signHmac(
  verification: HmacVerification,
  timestamp: TimestampSource | undefined,
  settings: unknown,
  request: Pick<RawRequest, 'url' | 'body'>,
  nowMs: number,
): Record<string, string> {
  const found = secretKeysOf(verification, settings);
  const key = 'keys' in found ? found.keys[0] : undefined;
  if (!key)
    throw new GlueError(
      'GLUE_ENDPOINT_INCOMPLETE',
      `a sample cannot be signed: ${'problem' in found ? found.problem : 'there is no secret'}`,
    );
  const signed = signedFields(verification, timestamp, nowMs);
  const message = verifiedMessage(verification, { ...request, headers: distinct(headersOf(signed)) });
  if (message instanceof Refusal)
    throw new GlueError('GLUE_ENDPOINT_INCOMPLETE', `a sample cannot be signed: ${message.detail}`);
  const { signature, digest, encoding } = verification;
  const value = signature.prefix + createHmac(digest, key).update(message).digest(encoding);
  return headersOf([...signed, { source: signature, value }]);
}

/** The timestamp, and a value of our own for every other header that is signed. */
function signedFields(
  { message }: HmacScheme,
  timestamp: TimestampSource | undefined,
  nowMs: number,
): Field[] {
  const others = message.flatMap((part) =>
    'header' in part && !(timestamp && isSame(part, timestamp))
      ? [{ source: part, value: `sample-${nowMs}` }]
      : [],
  );
  return [...(timestamp ? [timestampField(timestamp, nowMs)] : []), ...others];
}

function timestampField(source: TimestampSource, nowMs: number): Field {
  return { source, value: writtenTime(source.format, nowMs) };
}

function writtenTime(format: TimestampSource['format'], nowMs: number): string {
  switch (format) {
    case 'unix':
      return String(Math.floor(nowMs / 1000));
    case 'unix_ms':
      return String(nowMs);
    case 'iso8601':
      return new Date(nowMs).toISOString();
  }
}

/** Parts of one header come together as the endpoint expects them, e.g. `t=…,v1=…`. */
function headersOf(fields: readonly Field[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { source, value } of fields) {
    const { header, part, listSeparator, pairSeparator } = source;
    const text = part === undefined ? value : part + pairSeparator + value;
    const before = headers[header];
    headers[header] = before === undefined ? text : before + listSeparator + text;
  }
  return headers;
}

function distinct(headers: Record<string, string>): RawRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

function isSame(a: HeaderSource, b: HeaderSource): boolean {
  return a.header === b.header && a.part === b.part;
}
