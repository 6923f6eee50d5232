import type { IncomingMessage } from 'node:http';
import type { Clock } from 'glue-core';
import type { Limits } from '../endpoint/limits.js';
import { noRoom, type BodyShare } from './body-memory.js';
import { Refusal } from './refusal.js';

/**
 * Reads the bytes as received; counted on the stream, since a header can lie.
 * @throws GLUE_OVERLOADED when the host holds too many bodies already
 */
export async function readBody(
  request: IncomingMessage,
  { maxBytes, bodyTimeoutMs }: Limits,
  memory: BodyShare,
  clock: Clock,
): Promise<Buffer | Refusal> {
  if (request.readableDidRead)
    return new Refusal(
      'configuration',
      'the body was read before Glue saw it: mount Glue before body parsers',
    );
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > maxBytes) return tooLarge(maxBytes);

  return new Promise((resolve, reject) => {
    let bytes = Buffer.alloc(0);
    let size = 0;
    const detach = (): void => {
      cancelTimer();
      request.off('data', take).off('end', end).off('error', leave).off('close', leave);
    };
    const finish = (result: Buffer | Refusal): void => {
      detach();
      resolve(result);
    };
    const take = (chunk: Buffer): void => {
      const before = size;
      size += chunk.length;
      if (size > maxBytes) return finish(tooLarge(maxBytes));
      if (size > bytes.length) {
        const length = nextLength(size, bytes.length, announced, maxBytes);
        if (!memory.take(length - bytes.length)) {
          detach();
          return reject(noRoom());
        }
        bytes = grown(bytes, before, length);
      }
      chunk.copy(bytes, before);
    };
    const end = (): void => finish(size === bytes.length ? bytes : Buffer.from(bytes.subarray(0, size)));
    const leave = (): void =>
      finish(new Refusal('payload', 'the connection closed before the body was complete'));
    const cancelTimer = clock.after(bodyTimeoutMs, () =>
      finish(new Refusal('timeout', `the body was not complete within ${bodyTimeoutMs} ms`)),
    );
    request.on('data', take).on('end', end).on('error', leave).on('close', leave);
  });
}

const tooLarge = (maxBytes: number): Refusal =>
  new Refusal('too_large', `the body is larger than ${maxBytes} bytes`);

/** Room for a body whose length is not announced, once it begins. */
const FIRST_BYTES = 4 * 1024;

/** What is announced is believed once a quarter of it has come: an announcement costs nothing, memory does. */
function nextLength(size: number, length: number, announced: number, maxBytes: number): number {
  if (announced >= size && announced <= 4 * size) return announced;
  return Math.min(maxBytes, Math.max(size, 2 * length, FIRST_BYTES));
}

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
