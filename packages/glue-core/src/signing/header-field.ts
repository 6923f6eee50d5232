import type { TimestampSource } from './hmac-scheme.js';
import type { HeaderLists, HeaderSource } from './header-source.js';

/** A header, or one part of it, with its value. */
export interface HeaderField {
  readonly source: HeaderSource;
  readonly value: string;
}

/** A time as a timestamp header has it. @param atMs - Unix milliseconds */
export function timestampField(source: TimestampSource, atMs: number): HeaderField {
  return { source, value: writtenTime(source.format, atMs) };
}

function writtenTime(format: TimestampSource['format'], atMs: number): string {
  switch (format) {
    case 'unix':
      return String(Math.floor(atMs / 1000));
    case 'unix_ms':
      return String(atMs);
    case 'iso8601':
      return new Date(atMs).toISOString();
  }
}

/** The headers of some fields. Parts of one header come together as its sources have it, e.g. `t=…,v1=…`. */
export function headersOf(fields: readonly HeaderField[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const { source, value } of fields) {
    const { header, part, listSeparator, pairSeparator } = source;
    const text = part === undefined ? value : part + pairSeparator + value;
    const before = headers[header];
    headers[header] = before === undefined ? text : before + listSeparator + text;
  }
  return headers;
}

/** Headers as the receiver will see them. */
export function headerListsOf(headers: Readonly<Record<string, string>>): HeaderLists {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}
