import { inspect } from 'node:util';
/** What JSON can say. */
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue };

/**
 * Turns a value into plain JSON.
 *
 * `undefined` becomes `null` instead of vanishing: a filter must not widen because a variable was not set.
 *
 * @throws TypeError for what JSON cannot say (functions, symbols, bigints, NaN, class instances without `toJSON`).
 */
export function toJsonValue(value: unknown): JsonValue {
  if (value === undefined || value === null) return null;
  if (typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map(toJsonValue);
  if (typeof value === 'object') {
    if ('toJSON' in value && typeof value.toJSON === 'function')
      return toJsonValue((value as { toJSON(): unknown }).toJSON());
    if (isPlain(value)) {
      return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, toJsonValue(child)]));
    }
  }
  throw new TypeError(
    `${inspect(value, { depth: 0 })} (${typeof value}) has no JSON form: use plain objects, arrays, text, numbers and dates`,
  );
}

/** The text of a JSON value with its keys sorted, so that equal values have equal text. */
export function canonicalText(value: JsonValue): string {
  return JSON.stringify(value, (_, part: JsonValue) =>
    isJsonObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}

/** Says whether a JSON value is an object rather than a list or a scalar. */
export function isJsonObject(value: JsonValue): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  // Not "is Object.prototype": every realm (a vm, a test runner) has its own.
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
