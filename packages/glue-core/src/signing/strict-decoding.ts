/**
 * Decodes text that is exactly in the given encoding. `Buffer.from` alone stops silently at the first bad
 * character, so a cut signature would pass for a short one.
 * @returns undefined for anything else, the empty text included
 */
export function decodeStrictly(text: string, encoding: 'hex' | 'base64' | 'base64url'): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  if (bytes.length === 0) return undefined;
  const canonical = bytes.toString(encoding);
  const same = encoding === 'hex' ? canonical === text.toLowerCase() : canonical === text;
  return same ? bytes : undefined;
}

/** Date, time and zone must all be there: a time without a zone is read differently from place to place. */
export const ISO_TIMESTAMP = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/;
