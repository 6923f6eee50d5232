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
