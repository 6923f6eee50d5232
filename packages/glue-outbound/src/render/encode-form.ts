import type { Json } from 'glue-core';
import { formFields, type FormArrays } from './form-fields.js';
import { renderingError } from './rendering-error.js';

/**
 * Encodes an object as `application/x-www-form-urlencoded`.
 * @throws GLUE_RENDERING when the payload is no object, or holds a file
 */
export function encodeForm(payload: Json, arrays: FormArrays): string {
  const pairs = formFields(payload, arrays).map(({ name, value }): [string, string] => {
    if (typeof value !== 'string')
      throw renderingError(`"${name}" is a file, which needs the body mode multipart`);
    return [name, value];
  });
  return new URLSearchParams(pairs).toString();
}
