import { createHash } from 'node:crypto';
import type { Json, PayloadFile } from 'glue-core';
import type { BodyPart } from '../delivery.js';
import { fileBytes, UNKNOWN_TYPE } from './file-bytes.js';
import { formFields, type FormArrays } from './form-fields.js';

/** A multipart body, with what it is made of. */
export interface MultipartBody {
  readonly bytes: Uint8Array;
  readonly contentType: string;
  readonly parts: readonly BodyPart[];
}

interface Part {
  readonly head: string;
  readonly content: Buffer;
  readonly part: BodyPart;
}

/**
 * Encodes an object as `multipart/form-data` (RFC 7578), one part for each field of the form; values with `$file` are files.
 * @param seed - the id of the delivery: from it comes the boundary, so that each attempt has the same bytes
 * @throws GLUE_RENDERING when the payload is no object, or a file is not written as it must be
 */
export function encodeMultipart(payload: Json, arrays: FormArrays, seed: string): MultipartBody {
  const parts = formFields(payload, arrays).map(({ name, value }) =>
    typeof value === 'string' ? textPart(name, value) : filePart(name, value),
  );
  const boundary = freeBoundary(seed, parts);
  const bytes = Buffer.concat([
    ...parts.flatMap(({ head, content }) => [
      Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`),
      content,
      Buffer.from('\r\n'),
    ]),
    Buffer.from(`--${boundary}--\r\n`),
  ]);
  return {
    bytes,
    contentType: `multipart/form-data; boundary=${boundary}`,
    parts: parts.map(({ part }) => part),
  };
}

function textPart(name: string, text: string): Part {
  return { head: disposition(name), content: Buffer.from(text), part: { name, text } };
}

function filePart(name: string, file: PayloadFile['$file']): Part {
  const { name: fileName = 'file', type = UNKNOWN_TYPE } = file;
  const content = fileBytes(file, name);
  const sha256 = createHash('sha256').update(content).digest('hex');
  return {
    head: `${disposition(name)}; filename="${quoted(fileName)}"\r\nContent-Type: ${type}`,
    content,
    part: { name, file: { name: fileName, type, size: content.length, sha256 } },
  };
}

const disposition = (name: string) => `Content-Disposition: form-data; name="${quoted(name)}"`;

/** As browsers do it: https://html.spec.whatwg.org/#multipart-form-data */
const quoted = (text: string) =>
  text.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22').toWellFormed();

/** A boundary that stands in no part: somebody who knows the seed could have put it there. */
function freeBoundary(seed: string, parts: readonly Part[]): string {
  const boundary = `glue-${createHash('sha256').update(seed).digest('hex').slice(0, 32)}`;
  const isTaken = parts.some(({ head, content }) => head.includes(boundary) || content.includes(boundary));
  return isTaken ? freeBoundary(boundary, parts) : boundary;
}
