/**
 * Reads the base URL of an endpoint: scheme and host, perhaps a port; nothing else.
 * @returns the origin without a slash at its end, e.g. `https://api.example.com`; undefined when the text is no base URL
 */
export function parseBaseUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { protocol, origin, href } = new URL(text);
  if (protocol !== 'http:' && protocol !== 'https:') return undefined;
  // The parser drops an empty query, fragment or login, so the text itself is looked at too.
  return href === `${origin}/` && !/[?#@\\\s]/.test(text) ? origin : undefined;
}
