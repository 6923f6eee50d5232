import type { Json } from 'glue-core';
import { renderingError } from './rendering-error.js';

const TOKEN = /\{([A-Za-z_][\w.-]*)\}/g;
/** What may stand in a template beside tokens: the characters of a path and query (RFC 3986) that URL parsers keep. */
const STATIC_TEXT = /^[\w!$%&()*+,./:;=?@~-]*$/;
const DOT_SEGMENT = /^(?:\.|%2e){1,2}$/i;

/** Whether a text can be the path of an endpoint: begins with one slash, has no fragment and no dot segment. */
export function isPathTemplate(text: string): boolean {
  const fixed = text.replaceAll(TOKEN, 'x');
  const [path = ''] = fixed.split('?');
  return (
    fixed.startsWith('/') &&
    !fixed.startsWith('//') &&
    STATIC_TEXT.test(fixed) &&
    !path.split('/').some((segment) => DOT_SEGMENT.test(segment))
  );
}

/**
 * Replaces each `{token}` by its value from the context, percent-encoded as one path segment.
 * @throws GLUE_RENDERING naming the token that has no usable value
 */
export function renderPath(template: string, context: Readonly<Record<string, Json>>): string {
  return template.replaceAll(TOKEN, (_match, token: string) => encodeToken(token, context));
}

function encodeToken(token: string, context: Readonly<Record<string, Json>>): string {
  const value = Object.hasOwn(context, token) ? context[token] : undefined;
  if (value === undefined || value === null || value === '')
    throw renderingError(`the path token {${token}} has no value in the context`);
  if (typeof value === 'object')
    throw renderingError(`the path token {${token}} must be a text, number or boolean`);
  const text = String(value);
  // URL parsers resolve these even when percent-encoded, so the request would go to another path.
  if (text === '.' || text === '..') throw renderingError(`the path token {${token}} must not be "${text}"`);
  try {
    return encodeURIComponent(text);
  } catch (error) {
    throw renderingError(`the path token {${token}} is no valid Unicode text`, error);
  }
}
