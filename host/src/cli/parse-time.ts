import { InvalidArgumentError } from 'commander';
import { parseDuration } from 'glue-core';

/** Reads a time: a date and time of ISO 8601, or how long ago (`30m`, `2h`, `7d`). @returns Unix milliseconds */
export function parseTime(text: string): number {
  const agoSeconds = /[a-z]$/.test(text) ? parseDuration(text) : undefined;
  if (agoSeconds !== undefined) return Date.now() - agoSeconds * 1000;
  const at = /^\d{4}-\d{2}-\d{2}/.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(at))
    throw new InvalidArgumentError('Give a time like 2026-01-31T12:00Z, or 2h for two hours ago.');
  return at;
}
