/** A field name as HTTP knows it (RFC 9110, section 5.1). */
const NAME = /^[!#$%&'*+.^_`|~0-9a-z-]+$/i;
/** A field value that goes on the wire unchanged (RFC 9110, section 5.5): no control characters, Latin-1. */
const VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

/** Headers that belong to the sender: framing, routing, and those that carry a signature. */
const RESERVED: ReadonlySet<string> = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'upgrade',
  'te',
  'trailer',
  'expect',
  'webhook-id',
  'webhook-timestamp',
  'webhook-signature',
]);

/** What is wrong with a header; undefined when nothing is. Never repeats the value. */
export function headerProblem(name: string, value = ''): string | undefined {
  if (!NAME.test(name)) return `"${name}" is no header name`;
  if (RESERVED.has(name.toLowerCase())) return `the header "${name}" is reserved`;
  if (!VALUE.test(value)) return `the value of the header "${name}" has characters that HTTP does not allow`;
  return undefined;
}
