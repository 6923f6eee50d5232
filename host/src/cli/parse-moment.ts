import { InvalidArgumentError } from 'commander';
import { parseDuration } from 'glue-core';
import { z } from 'zod';

const isoTime = z.iso.datetime({ offset: true });

/** Reads a time that is to come, or was: ISO 8601 with a zone, or Unix milliseconds. @returns Unix milliseconds */
export function parseMoment(text: string): number {
  const at = isoTime.safeParse(text).success
    ? Date.parse(text)
    : /^\d{1,15}$/.test(text)
      ? Number(text)
      : NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError(
      'Give a time with a zone, like 2026-01-31T12:00:00Z, or Unix milliseconds.',
    );
  return at;
}

/** Reads a duration like `24h`. @returns milliseconds */
export function parseMilliseconds(text: string): number {
  const seconds = parseDuration(text);
  if (seconds === undefined) throw new InvalidArgumentError('Give a duration like 30m, 24h or 7d.');
  return Math.round(seconds * 1_000);
}
