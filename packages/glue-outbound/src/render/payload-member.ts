import type { Json, JsonPath } from 'glue-core';
import { renderingError } from './rendering-error.js';

/**
 * A payload with one member set. Objects on the way are made; a list grows by its next index only. Names such as
 * `__proto__` are names like all others. Pure: what is on the way is copied.
 * @throws GLUE_RENDERING when the way leads through a value that has no members
 */
export function setMember(payload: Json | undefined, path: JsonPath, value: Json): Json {
  const [step, ...rest] = path;
  if (step === undefined) return value;
  if (typeof step === 'number') {
    const list = isList(payload) ? payload : payload === undefined ? [] : undefined;
    if (!list || step > list.length) throw renderingError(`the payload has no place for a member [${step}]`);
    return list.toSpliced(step, 1, setMember(list[step], rest, value));
  }
  const object = payload ?? (payload === undefined ? {} : undefined);
  if (!isObject(object)) throw renderingError(`the payload has no place for a member "${step}"`);
  const member = Object.hasOwn(object, step) ? object[step] : undefined;
  return { ...object, [step]: setMember(member, rest, value) };
}

/** A payload without one member, which must be there; later items of a list move up. Pure. */
export function removeMember(payload: Json, path: JsonPath): Json {
  const [step, ...rest] = path;
  if (typeof step === 'number' && isList(payload)) {
    const item = payload[step];
    if (item === undefined) return payload;
    return rest.length === 0
      ? payload.toSpliced(step, 1)
      : payload.toSpliced(step, 1, removeMember(item, rest));
  }
  if (typeof step !== 'string' || !isObject(payload) || !Object.hasOwn(payload, step)) return payload;
  const member = payload[step];
  if (rest.length > 0 && member !== undefined) return { ...payload, [step]: removeMember(member, rest) };
  return Object.fromEntries(Object.entries(payload).filter(([name]) => name !== step));
}

type JsonObject = Readonly<Record<string, Json>>;
const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);
