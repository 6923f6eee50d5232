import { GlueError } from 'glue-core';
import { jsonOrText, keyValue, setValue } from './key-value.js';

/**
 * Sets values in a JSON body by `path=value` pairs, e.g. `data.object.id=pi_2`; a value that is JSON is taken as such.
 * Without pairs the bytes stay as they are.
 */
export function editJson(body: Buffer, pairs: readonly string[]): Buffer {
  if (pairs.length === 0) return body;
  const document: unknown = JSON.parse(body.toString('utf8'));
  for (const pair of pairs) {
    const parts = keyValue(pair);
    if (!parts) throw new GlueError('GLUE_SAMPLE_NOT_FOUND', `--set ${pair} is no path=value`);
    setValue(document, parts.key.split('.'), jsonOrText(parts.text));
  }
  return Buffer.from(JSON.stringify(document));
}
