import { decodeStrictly, type PayloadFile } from 'glue-core';
import { renderingError } from './rendering-error.js';

/** Of bytes whose type nobody told (RFC 2046, section 4.5.1). */
export const UNKNOWN_TYPE = 'application/octet-stream';

/** The bytes of a file in a payload. @throws GLUE_RENDERING when they are not base64, naming the place */
export function fileBytes({ base64 }: PayloadFile['$file'], where: string): Buffer {
  const bytes = base64 === '' ? Buffer.alloc(0) : decodeStrictly(base64, 'base64');
  if (!bytes) throw renderingError(`${where}: $file.base64 is not base64 with its padding`);
  return bytes;
}
