import { brotliDecompressSync, gunzipSync, inflateSync, type Gunzip } from 'node:zlib';
import proxyAddress from 'proxy-addr';
import { pathAndQuery } from './schemes.ts';
import type { Subject } from './subjects.ts';
import { valuesOf, type WireRequest } from './wire-request.ts';

const PREFIX = '/webhooks/in/';

/** The endpoint that a request is for. */
export function subjectOf(
  { target }: WireRequest,
  byPath: ReadonlyMap<string, Subject>,
): Subject | undefined {
  const path = pathAndQuery(target);
  if (!path.startsWith(PREFIX)) return undefined;
  return byPath.get(path.slice(PREFIX.length).replace(/\?.*$/s, ''));
}

/** Whether a request may be stored: it is proven, and the endpoint takes such requests. */
export function isStorable(request: WireRequest, subject: Subject, nowMs: number): boolean {
  if (subject.state !== 'active' || request.method !== 'POST') return false;
  const { headers, body } = request;
  const { maxBytes, contentTypes, addresses } = subject.limits;
  if (body.length > maxBytes || !isExpectationMet(request)) return false;
  if (addresses && !isListed(valuesOf(headers, 'x-forwarded-for'), addresses)) return false;
  if (contentTypes && !isJsonType(valuesOf(headers, 'content-type'))) return false;
  const content = contentOf(request, subject);
  if (!content || content.length > maxBytes) return false;
  if (!subject.scheme.isProof(request, nowMs)) return false;
  return isPayload(content, subject.payload) && !isChallenge(content, subject);
}

/** Anything but 100-continue is refused (RFC 9110 section 10.1.1). */
function isExpectationMet({ headers }: WireRequest): boolean {
  return valuesOf(headers, 'expect').every((value) => value.toLowerCase() === '100-continue');
}

/** Behind one proxy, which calls from this machine. */
function isListed(lines: readonly string[], ranges: readonly string[]): boolean {
  const request = {
    headers: { 'x-forwarded-for': lines.join(', ') },
    connection: { remoteAddress: '127.0.0.1' },
  };
  const caller = proxyAddress(request as never, (_address, hop) => hop === 0);
  const bare = caller
    .replace(/^\[(.*)\](:\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1')
    .replace(/%.*$/, '');
  return proxyAddress.compile([...ranges])(bare, 0);
}

function isJsonType(types: readonly string[]): boolean {
  const [type = '', ...more] = types;
  return more.length === 0 && /^application\/([^/]*\+)?json[\t ]*(;|$)/i.test(type.trim());
}

function contentOf({ headers, body }: WireRequest, { limits }: Subject): Buffer | undefined {
  const encoding = valuesOf(headers, 'content-encoding').join(',').trim().toLowerCase();
  const taken: readonly string[] = limits.compression ?? [];
  if (encoding === '' || encoding === 'identity') return body;
  const name = encoding === 'x-gzip' ? 'gzip' : encoding;
  if (!taken.includes(name)) return undefined;
  try {
    const options = { maxOutputLength: limits.maxBytes, info: true };
    // Declared without what `info` adds (https://nodejs.org/api/zlib.html#class-options).
    const inflated = inflaters[name]?.(body, options) as unknown as { buffer: Buffer; engine: Gunzip };
    return inflated.engine.bytesWritten === body.length ? inflated.buffer : undefined;
  } catch {
    return undefined;
  }
}

const inflaters: Readonly<Record<string, typeof gunzipSync>> = {
  gzip: gunzipSync,
  deflate: inflateSync,
  br: brotliDecompressSync as typeof gunzipSync,
};

function isPayload(content: Buffer, payload: Subject['payload']): boolean {
  if (payload === 'raw') return true;
  try {
    const document: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(content));
    return (
      payload === 'json' || (typeof document === 'object' && document !== null && !Array.isArray(document))
    );
  } catch {
    return false;
  }
}

/** Of the endpoint `asked`. */
function isChallenge(content: Buffer, { name }: Subject): boolean {
  if (name !== 'asked') return false;
  const { type, challenge } = JSON.parse(new TextDecoder().decode(content)) as Record<string, unknown>;
  return type === 'challenge' && typeof challenge === 'string' && challenge !== '';
}
