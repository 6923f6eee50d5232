import { payloadFileSchema } from 'glue-core';

/**
 * What was queued with a delivery as text for people. Of a file it tells name, type and size: its bytes, in base64, are
 * nothing to read. Whoever wants them takes `--json`.
 */
export function shownContent(content: object): string {
  return JSON.stringify(content, (_name, value: unknown) => withoutBytes(value), 2);
}

function withoutBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('$file' in value)) return value;
  const file = payloadFileSchema.safeParse(value.$file);
  if (!file.success || Object.keys(value).length !== 1) return value;
  const { base64, ...about } = file.data;
  return { file: { ...about, size: Buffer.byteLength(base64, 'base64') } };
}
