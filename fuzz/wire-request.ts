/** A request as it stands on the wire: read by other rules than the host's own, and never more lenient ones. */
export interface WireRequest {
  readonly method: string;
  /** As written in the request line. */
  readonly target: string;
  /** In order, names in lower case, values as latin1. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
}

/** What lies on a connection. */
export interface WireReading {
  readonly requests: readonly WireRequest[];
  /** Whether the bytes are these requests and nothing else, and the connection goes on after them. */
  readonly isClean: boolean;
}

/** Of target, names and values together: Node counts nothing that lies between them. */
const MAX_HEAD_BYTES = 16 * 1024;
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const REQUEST_LINE = new RegExp(`^(${TOKEN}) ([\\x21-\\x7e\\x80-\\xff]+) HTTP/1\\.([01])$`);
const HEADER = new RegExp(`^(${TOKEN}):[\\t ]*([\\t\\x20-\\x7e\\x80-\\xff]*?)[\\t ]*$`);

const CHUNK_LINE = new RegExp(`^([0-9A-Fa-f]{1,8})(?:;${TOKEN}(?:=(?:${TOKEN}|"[^"]*"))?)*$`);

/** Reads requests until something is no request (RFC 9112), or nothing is left. */
export function readWire(bytes: Buffer): WireReading {
  const requests: WireRequest[] = [];
  let rest = bytes;
  while (rest.length > 0) {
    const read = readRequest(rest);
    if (!read) return { requests, isClean: false };
    requests.push(read.request);
    rest = rest.subarray(read.length);
    if (read.isLast) return { requests, isClean: false };
  }
  return { requests, isClean: true };
}

function readRequest(bytes: Buffer): { request: WireRequest; length: number; isLast: boolean } | undefined {
  const start = leadingLineEnds(bytes);
  const headEnd = bytes.indexOf('\r\n\r\n', start, 'latin1');
  if (headEnd < 0) return undefined;
  const [line = '', ...lines] = bytes.subarray(start, headEnd).toString('latin1').split('\r\n');
  const [, method = '', target = '', minor] = REQUEST_LINE.exec(line) ?? [];
  const headers: (readonly [string, string])[] = [];
  for (const each of lines) {
    const [, name = '', value = ''] = HEADER.exec(each) ?? [];
    if (name === '') return undefined;
    headers.push([name.toLowerCase(), value]);
  }
  const size = headers.reduce((sum, [name, value]) => sum + name.length + value.length, target.length);
  if (size >= MAX_HEAD_BYTES) return undefined;
  if (method === '' || (minor === '1' && valuesOf(headers, 'host').length === 0)) return undefined;
  const body = readBody(bytes.subarray(headEnd + 4), headers, minor === '0');
  if (!body) return undefined;
  const connection = valuesOf(headers, 'connection').join(',').toLowerCase();
  return {
    request: { method, target, headers, body: body.content },
    length: headEnd + 4 + body.length,
    isLast: minor === '0' || /close|upgrade/.test(connection) || method === 'CONNECT',
  };
}

/** Empty lines in front of a request are skipped (RFC 9112 section 2.2). */
function leadingLineEnds(bytes: Buffer): number {
  let start = 0;
  while (bytes[start] === 13 || bytes[start] === 10) start += 1;
  return start;
}

function readBody(
  bytes: Buffer,
  headers: WireRequest['headers'],
  isOld: boolean,
): { content: Buffer; length: number } | undefined {
  const [encoding, ...encodings] = valuesOf(headers, 'transfer-encoding');
  const [length, ...lengths] = valuesOf(headers, 'content-length');
  if (encoding !== undefined) {
    const isChunked = encodings.length === 0 && encoding.toLowerCase() === 'chunked';
    return isChunked && length === undefined && !isOld ? readChunks(bytes) : undefined;
  }
  if (length === undefined) return { content: Buffer.alloc(0), length: 0 };
  if (lengths.length > 0 || !/^\d{1,9}$/.test(length) || Number(length) > bytes.length) return undefined;
  return { content: bytes.subarray(0, Number(length)), length: Number(length) };
}

function readChunks(bytes: Buffer): { content: Buffer; length: number } | undefined {
  const chunks: Buffer[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    const line = lineEnd < 0 ? '' : bytes.subarray(at, lineEnd).toString('latin1');
    const [, digits] = CHUNK_LINE.exec(line) ?? [];
    if (digits === undefined) return undefined;
    const size = Number.parseInt(digits, 16);
    at = lineEnd + 2;
    if (size === 0) break;
    if (bytes.subarray(at + size, at + size + 2).toString('latin1') !== '\r\n') return undefined;
    chunks.push(bytes.subarray(at, at + size));
    at += size + 2;
  }
  // Trailers: lines up to an empty one.
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at, 'latin1');
    if (lineEnd < 0) return undefined;
    const line = bytes.subarray(at, lineEnd).toString('latin1');
    at = lineEnd + 2;
    if (line === '') return { content: Buffer.concat(chunks), length: at };
    if (!HEADER.test(line)) return undefined;
  }
}

export function valuesOf(headers: WireRequest['headers'], name: string): string[] {
  return headers.filter(([each]) => each === name).map(([, value]) => value);
}
