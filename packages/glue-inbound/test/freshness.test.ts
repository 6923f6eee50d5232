import { describe, expect, it } from '@jest/globals';
import type { TimestampSource } from 'glue-core';
import { checkFreshness, parseTimestamp } from '../src/receive/freshness.js';

const now = Date.UTC(2026, 0, 1, 12);
const nowSeconds = now / 1000;

function check(
  text: string | string[] | undefined,
  { format = 'unix', nowMs = now, maxAgeSeconds = 300, maxFutureSeconds = 300 } = {},
): string | undefined {
  const timestamp = { header: 'x-time', listSeparator: ',', pairSeparator: '=', format } as TimestampSource;
  const headers = text === undefined ? {} : { 'x-time': [text].flat() };
  const request = { headers, url: '/', body: Buffer.alloc(0) };
  return checkFreshness({ maxAgeSeconds, maxFutureSeconds }, timestamp, request, nowMs)?.cause;
}

describe('freshness', () => {
  it.each([
    ['now', nowSeconds, undefined],
    ['as old as allowed', nowSeconds - 300, undefined],
    ['a second older', nowSeconds - 301, 'freshness'],
    ['as far ahead as allowed', nowSeconds + 300, undefined],
    ['a second further ahead', nowSeconds + 301, 'freshness'],
  ])('of a Unix time %s', (_name, seconds, cause) => {
    expect(check(String(seconds))).toBe(cause);
  });

  it('counts Unix seconds in whole seconds, so the last allowed one is allowed to its end', () => {
    expect(check(String(nowSeconds - 300), { nowMs: now + 999 })).toBeUndefined();
    expect(check(String(nowSeconds - 300), { nowMs: now + 1000 })).toBe('freshness');
  });

  it.each([
    ['unix_ms', String(now - 300_000), undefined],
    ['unix_ms', String(now - 300_001), 'freshness'],
    ['iso8601', new Date(now + 300_000).toISOString(), undefined],
    ['iso8601', new Date(now + 300_001).toISOString(), 'freshness'],
    ['iso8601', '2026-01-01T13:00:00+01:00', undefined],
  ])('in %s: %s', (format, text, cause) => {
    expect(check(text, { format })).toBe(cause);
  });

  it('switches each side off by 0', () => {
    expect(check('1', { maxAgeSeconds: 0 })).toBeUndefined();
    expect(check(String(nowSeconds + 301), { maxAgeSeconds: 0 })).toBe('freshness');
    expect(check('99999999999', { maxFutureSeconds: 0 })).toBeUndefined();
    expect(check(undefined, { maxAgeSeconds: 0, maxFutureSeconds: 0 })).toBeUndefined();
  });

  it.each([[undefined], [['1', '2']], [''], ['soon'], ['-5'], ['1e9'], ['1767268800.5'], [' 1767268800']])(
    'refuses the timestamp %j',
    (text) => expect(check(text)).toBe('freshness'),
  );

  it.each(['2026-01-01', '2026-01-01T12:00:00', '2026-13-01T12:00:00Z', '1 January 2026'])(
    'takes %s for no ISO 8601 time with a zone',
    (text) => expect(parseTimestamp(text, 'iso8601')).toBeUndefined(),
  );
});
