/** Bytes of a response that are kept. */
export const RESPONSE_CAP_BYTES = 65_536;

/** Reads a stream up to a cap, then stops reading; leaving the loop ends the stream. */
export async function readCapped(
  stream: AsyncIterable<Uint8Array>,
  capBytes: number = RESPONSE_CAP_BYTES,
): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > capBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, capBytes), truncated: size > capBytes };
}
