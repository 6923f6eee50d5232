import { createHash } from 'node:crypto';
import { readJsonPath } from '../endpoint/json-path.js';
import type { Source } from '../endpoint/source.js';
import { headerValues, type RawRequest } from './raw-request.js';

/** A proven request with its parsed body. */
export interface ProvenRequest extends RawRequest {
  readonly document: unknown;
}

/** The first value that the sources give. `0` and `false` are values; null, blank text, lists and objects are none. */
export function readSources(sources: readonly Source[], request: ProvenRequest): string | undefined {
  for (const source of sources) {
    const text = textOf(readSource(source, request));
    if (text !== undefined) return text;
  }
  return undefined;
}

function readSource(source: Source, request: ProvenRequest): unknown {
  if ('json' in source) return readJsonPath(request.document, source.json);
  if ('query' in source) return queryOf(request.url).get(source.query);
  if ('literal' in source) return source.literal;
  if ('body' in source) return createHash('sha256').update(request.body).digest('hex');
  return headerValues(request.headers, source)[0];
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function queryOf(url: string): URLSearchParams {
  const at = url.indexOf('?');
  return new URLSearchParams(at < 0 ? '' : url.slice(at + 1));
}
