import { z } from 'zod';

const unitSeconds = { ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** Reads `500ms`, `5s`, `30m`, `2h`, `1d` or plain seconds; gives seconds, or undefined when it is neither. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)?$/.exec(text.trim());
  if (!match?.[1]) return undefined;
  const unit = (match[2] ?? 's') as keyof typeof unitSeconds;
  const seconds = Number(match[1]) * unitSeconds[unit];
  return Number.isFinite(seconds) ? seconds : undefined;
}

/** Seconds, given as a number or as text with a unit (`5s`, `30m`, `2h`, `1d`, `500ms`). */
export const durationSeconds = z.union([z.number().nonnegative(), z.string()]).transform((value, context) => {
  const seconds = typeof value === 'number' ? value : parseDuration(value);
  if (seconds === undefined) {
    context.addIssue({
      code: 'custom',
      message: 'no duration: write 500ms, 5s, 30m, 2h or 1d',
    });
    return z.NEVER;
  }
  return seconds;
});
