/** No receiver makes a delivery wait longer than this, in seconds. */
const MAX_SECONDS = 86_400;
const HTTP_DATE = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /;

/**
 * Reads a Retry-After header (RFC 9110, section 10.2.3): seconds, or a date.
 * @returns seconds to wait from now, at most 24 h; undefined when the header is absent, malformed or past
 */
export function retryAfterSeconds(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Math.min(Number(text), MAX_SECONDS);
  if (!HTTP_DATE.test(text)) return undefined;
  // The oldest of the three date formats has no zone; all mean GMT.
  const at = Date.parse(text.endsWith('GMT') ? text : `${text} GMT`);
  const seconds = Math.ceil((at - nowMs) / 1000);
  return seconds > 0 ? Math.min(seconds, MAX_SECONDS) : undefined;
}
