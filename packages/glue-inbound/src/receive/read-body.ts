import type { IncomingMessage } from 'node:http';
import type { Clock } from 'glue-core';
import { Refusal } from './refusal.js';

export interface BodyLimits {
  readonly maxBytes: number;
  /** For the whole body, in milliseconds. */
  readonly bodyTimeoutMs: number;
}

/** Reads the bytes as received; counted on the stream, since a header can lie. */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, bodyTimeoutMs }: BodyLimits,
  clock: Clock,
): Promise<Buffer | Refusal> {
  const encoding = request.headers['content-encoding']?.trim().toLowerCase() ?? 'identity';
  if (encoding !== 'identity' && encoding !== '')
    return new Refusal('encoding', 'the body is compressed, which the endpoint does not take');
  if (request.readableDidRead)
    return new Refusal(
      'configuration',
      'the body was read before Glue saw it: mount Glue before body parsers',
    );
  const tooLarge = new Refusal('too_large', `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) return tooLarge;

  return new Promise((resolve) => {
    let bytes = Buffer.allocUnsafe(FIRST_BYTES);
    let size = 0;
    const finish = (result: Buffer | Refusal): void => {
      cancelTimer();
      request.off('data', take).off('end', end).off('error', leave).off('close', leave);
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      const before = size;
      size += chunk.length;
      if (size > maxBytes) return finish(tooLarge);
      if (size > bytes.length)
        bytes = grown(bytes, before, Math.min(maxBytes, Math.max(size, 2 * bytes.length)));
      chunk.copy(bytes, before);
    };
    const end = (): void => finish(Buffer.from(bytes.subarray(0, size)));
    const leave = (): void =>
      finish(new Refusal('payload', 'the connection closed before the body was complete'));
    const cancelTimer = clock.after(bodyTimeoutMs, () =>
      finish(new Refusal('timeout', `the body was not complete within ${bodyTimeoutMs} ms`)),
    );
    request.on('data', take).on('end', end).on('error', leave).on('close', leave);
  });
}

/** Small enough that a flood of requests costs little, large enough for most events. */
const FIRST_BYTES = 4 * 1024;

/** Chunks are copied, not kept: a body of one-byte chunks would otherwise take hundreds of times its size. */
function grown(bytes: Buffer, used: number, length: number): Buffer<ArrayBuffer> {
  const larger = Buffer.allocUnsafe(length);
  bytes.copy(larger, 0, 0, used);
  return larger;
}

/** How much of a refused body is still taken off the wire, so that its sender gets to read the answer. */
const DISCARD_BYTES = 4 * 1024 * 1024;
const DISCARD_MS = 5_000;

/** Takes the rest of a refused body off the wire, within bounds; past them the connection is cut. */
export function discardBody(request: IncomingMessage, clock: Clock): void {
  if (request.complete || request.destroyed) return;
  let left = DISCARD_BYTES;
  const cut = (): void => void request.destroy();
  const cancelTimer = clock.after(DISCARD_MS, cut);
  request.on('error', () => {});
  request.on('close', cancelTimer);
  request.on('end', cancelTimer);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) cut();
  });
  request.resume();
}
