import {
  brotliDecompressSync,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  gunzipSync,
  inflateSync,
} from 'node:zlib';
import { GlueError } from 'glue-core';
import { COMPRESSIONS, type Compression, type Limits } from '../endpoint/limits.js';
import { noRoom, type BodyShare } from './body-memory.js';
import { Refusal } from './refusal.js';

const inflaters = {
  gzip: { stream: createGunzip, whole: gunzipSync },
  deflate: { stream: createInflate, whole: inflateSync },
  br: { stream: createBrotliDecompress, whole: brotliDecompressSync },
} as const;

/**
 * Reads `Content-Encoding` (RFC 9110 section 8.4).
 * @returns undefined when the body is as it is; `unknown` for what nobody is offered, and for several encodings
 */
export function compressionOf(contentEncoding: string | undefined): Compression | 'unknown' | undefined {
  const name = contentEncoding?.trim().toLowerCase() ?? '';
  if (name === '' || name === 'identity') return undefined;
  if (name === 'x-gzip') return 'gzip';
  return COMPRESSIONS.find((known) => known === name) ?? 'unknown';
}

/**
 * What a compressed body holds. Its size is counted while it comes, so that a small body that stands for a huge one
 * takes no more memory than the limit.
 * @throws GLUE_OVERLOADED when the host holds too many bodies already
 */
export async function inflate(
  compression: Compression,
  compressed: Buffer,
  { maxBytes }: Pick<Limits, 'maxBytes'>,
  memory: BodyShare,
): Promise<Buffer | Refusal> {
  const stream = inflaters[compression].stream();
  stream.end(compressed);
  try {
    const content = await collect(stream, maxBytes, memory);
    // zlib stops without a word where something follows the end.
    if (content instanceof Refusal || stream.bytesWritten === compressed.length) return content;
  } catch (error) {
    if (error instanceof GlueError) throw error;
  }
  return new Refusal('payload', `the body is not ${compression} from its first byte to its last`);
}

async function collect(
  stream: AsyncIterable<Buffer>,
  maxBytes: number,
  memory: BodyShare,
): Promise<Buffer | Refusal> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.length;
    if (size > maxBytes) return new Refusal('too_large', `the body holds more than ${maxBytes} bytes`);
    if (!memory.take(chunk.length)) throw noRoom();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The same for a body that went through {@link inflate} when it was received. @throws Error of zlib on any other */
export function inflateStored(contentEncoding: string | undefined, body: Buffer): Buffer {
  const compression = compressionOf(contentEncoding);
  return compression === undefined || compression === 'unknown' ? body : inflaters[compression].whole(body);
}
