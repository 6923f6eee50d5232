import { GlueError } from 'glue-core';

/**
 * Sets values in a JSON body by `path=value` pairs, e.g. `data.object.id=pi_2`; a value that is JSON is taken as such.
 * Without pairs the bytes stay as they are.
 */
export function editJson(body: Buffer, pairs: readonly string[]): Buffer {
  if (pairs.length === 0) return body;
  const document: unknown = JSON.parse(body.toString('utf8'));
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at < 1) throw new GlueError('GLUE_SAMPLE_NOT_FOUND', `--set ${pair} is no path=value`);
    setValue(document, pair.slice(0, at).split('.'), jsonOrText(pair.slice(at + 1)));
  }
  return Buffer.from(JSON.stringify(document));
}

function setValue(document: unknown, [key, ...rest]: string[], value: unknown): void {
  if (key === undefined || !isRecord(document)) return;
  if (rest.length === 0) document[key] = value;
  else setValue(Object.hasOwn(document, key) ? document[key] : (document[key] = {}), rest, value);
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
