import { z } from 'zod';

/** A media type (RFC 9110, section 8.3.1), perhaps with parameters: what may stand in a header as it is. */
const MEDIA_TYPE =
  /^[\w!#$&^.+-]{1,127}\/[\w!#$&^.+-]{1,127}(?: *; *[\w!#$&^.+-]+=(?:[\w!#$&^.+-]+|"[\w !#-[\]-~]*"))*$/;

/** What the member `$file` of a {@link PayloadFile} must be. */
export const payloadFileSchema: z.ZodType<PayloadFile['$file']> = z.strictObject({
  name: z.string().min(1).max(255).optional(),
  type: z.string().max(255).regex(MEDIA_TYPE, 'must be a media type, like application/pdf').optional(),
  /** Strictly: nothing is skipped or guessed. */
  base64: z.string(),
});

/** Bytes in a payload, which is JSON: a file of a multipart body, or a whole raw body. A type, since only types are JSON. */
export type PayloadFile = {
  readonly $file: { readonly name?: string; readonly type?: string; readonly base64: string };
};

/**
 * Puts bytes into a payload. They are stored with it, so that each attempt sends the same.
 * @param about.name - file name, as the receiver sees it
 * @param about.type - media type. @defaultValue `application/octet-stream`, by whoever renders it
 */
export function attachFile(bytes: Uint8Array, about: { name?: string; type?: string } = {}): PayloadFile {
  const base64 = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
  return { $file: { ...about, base64 } };
}
