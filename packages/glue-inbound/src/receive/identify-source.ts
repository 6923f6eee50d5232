import { createHash } from 'node:crypto';
import { headerValues, numberText, queryOf, readJsonPath } from 'glue-core';
import type { SemanticFunctions } from '../endpoint/semantic-functions.js';
import type { SingleSource, Source, Transform } from '../endpoint/source.js';
import type { Payload } from './parse-payload.js';
import type { RawRequest } from './raw-request.js';
import { Refusal } from './refusal.js';

/** A proven request with its parsed body. */
export interface ProvenRequest extends RawRequest, Payload {}

/** Longer text is no value: it is no name, id or key, and would be stored again beside the body. */
export const MAX_VALUE_LENGTH = 16 * 1024;

/** The value, none, or a fault of the connector. */
export type Reading = string | undefined | Refusal;

/** The first value that the sources give. `0` and `false` are values; null, blank text, lists and objects are none. */
export function readSources(
  sources: readonly Source[],
  request: ProvenRequest,
  functions: SemanticFunctions,
): Reading {
  for (const source of sources) {
    const value = readSource(source, request, functions);
    if (value !== undefined) return value;
  }
  return undefined;
}

function readSource(source: Source, request: ProvenRequest, functions: SemanticFunctions): Reading {
  const value =
    'join' in source
      ? joined(source.join, source.separator, request, functions)
      : readSingle(source, request, functions);
  if (value === undefined || value instanceof Refusal) return value;
  const text = source.transforms.reduce((before, transform) => transformed(before, transform), value);
  return text.length <= MAX_VALUE_LENGTH ? textOf(text) : undefined;
}

function joined(
  sources: readonly SingleSource[],
  separator: string,
  request: ProvenRequest,
  functions: SemanticFunctions,
): Reading {
  const values: string[] = [];
  for (const source of sources) {
    const value = readSource(source, request, functions);
    if (value === undefined || value instanceof Refusal) return value;
    values.push(value);
  }
  return values.join(separator);
}

function readSingle(source: SingleSource, request: ProvenRequest, functions: SemanticFunctions): Reading {
  if ('json' in source) {
    const value = readJsonPath(request.document, source.json);
    return typeof value === 'number' ? numberText(request.json, source.json, value) : textOf(value);
  }
  if ('query' in source) return textOf(queryOf(request.url).get(source.query));
  if ('literal' in source) return textOf(source.literal);
  if ('body' in source) return createHash('sha256').update(request.body).digest('hex');
  if ('connector' in source) return askConnector(source.connector, request, functions);
  return textOf(headerValues(request.headers, source)[0]);
}

/** Whatever a function of a connector does, it costs this request only, and its provider comes again. */
function askConnector(name: string, request: ProvenRequest, functions: SemanticFunctions): Reading {
  const { headers, url, body, document } = request;
  const owned = functions.get(name);
  const refused = (what: string) =>
    new Refusal(
      'configuration',
      `semantic function "${name}" of backend ${owned?.backend ?? '(none)'} ${what}`,
    );
  if (!owned) return refused('is missing');
  try {
    const value: unknown = owned.call({ headers, url, body }, document);
    if (value instanceof Promise) value.catch(() => {}); // Nobody waits for it, so nobody would hear of its rejection.
    return value === undefined || value === null || isPlain(value)
      ? textOf(value)
      : refused('returned neither text, finite number, boolean nor nothing');
  } catch (error) {
    // Its message may repeat the body.
    return refused(`threw ${error instanceof Error ? error.name : 'something that is no error'}`);
  }
}

function isPlain(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value : undefined;
}

function transformed(text: string, transform: Transform): string {
  switch (transform) {
    case 'trim':
      return text.trim();
    case 'lower':
      return text.toLowerCase();
    case 'upper':
      return text.toUpperCase();
    case 'hash':
      return sha256Of(text);
  }
}

/** Of the text in UTF-8. Lone surrogates have no UTF-8 form and would all hash alike: JSON writes each as its own escape. */
export function sha256Of(text: string): string {
  return createHash('sha256')
    .update(text.isWellFormed() ? text : JSON.stringify(text))
    .digest('hex');
}
