import type { IncomingMessage } from 'node:http';
import type { EndpointEdge } from '../endpoint/endpoint-edge.js';
import type { Compression, Limits } from '../endpoint/limits.js';
import { compressionOf } from './inflate.js';
import { Refusal } from './refusal.js';

/** What the headers say of a body that is still to come. */
export interface AnnouncedContent {
  readonly compression?: Compression;
}

/** Refuses by its headers alone what need not be read. */
export function checkContent(
  { headers, headersDistinct }: Pick<IncomingMessage, 'headers' | 'headersDistinct'>,
  { compression: taken, maxBytes }: Limits,
  { takesContentType }: EndpointEdge,
): AnnouncedContent | Refusal {
  // Node takes chunks apart and leaves every other transfer coding as it is (RFC 9112 section 6.1).
  const transfer = headers['transfer-encoding']?.trim().toLowerCase() ?? 'chunked';
  if (transfer !== 'chunked') return new Refusal('encoding', 'the body is transferred in an unknown coding');
  const compression = compressionOf(headers['content-encoding']);
  if (compression === 'unknown')
    return new Refusal('encoding', 'the body is encoded in an unknown way, or twice');
  if (compression !== undefined && !taken.includes(compression))
    return new Refusal('encoding', `the body is ${compression}, which the endpoint does not take`);
  if (!takesContentType(headersDistinct['content-type']))
    return new Refusal('content_type', 'the content type is none that the endpoint takes');
  if (Number(headers['content-length'] ?? 0) > maxBytes)
    return new Refusal('too_large', `the body is larger than ${maxBytes} bytes`);
  return compression === undefined ? {} : { compression };
}
