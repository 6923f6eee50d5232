import { payloadFileSchema, problemsOf, type Json, type PayloadFile } from 'glue-core';
import { z } from 'zod';
import { renderingError } from './rendering-error.js';

/** How the items of a list are named in forms: `a[0]=x&a[1]=y`, `a[]=x&a[]=y` or `a=x&a=y`. */
export const formArraysSchema = z.enum(['indices', 'brackets', 'repeat']);
export type FormArrays = z.infer<typeof formArraysSchema>;

/** One field of a form. */
export interface FormField {
  readonly name: string;
  readonly value: string | PayloadFile['$file'];
}

/**
 * The fields of an object, nested values in brackets as Stripe documents it (https://docs.stripe.com/api):
 * `metadata[order]=7`, `items[0][price]=p`. Null and empty collections are empty texts.
 * @throws GLUE_RENDERING when the payload is no object, or a list holds what its style cannot tell apart
 */
export function formFields(payload: Json, arrays: FormArrays): FormField[] {
  if (!isObject(payload) || Object.hasOwn(payload, '$file'))
    throw renderingError('a form body needs an object as payload');
  return Object.entries(payload).flatMap(([name, value]) => fieldsOf(name, value, arrays));
}

/** The file that a value stands for, if it does. @throws GLUE_RENDERING when it is not written as it must be */
export function fileOf(value: Json, where: string): PayloadFile['$file'] | undefined {
  if (!isFile(value)) return undefined;
  const parsed = payloadFileSchema.safeParse(value['$file']);
  if (parsed.success && Object.keys(value).length === 1) return parsed.data;
  const [problem = 'must be the only member'] = parsed.success ? [] : problemsOf(parsed.error);
  throw renderingError(`${where}: $file: ${problem}`);
}

function fieldsOf(name: string, value: Json, arrays: FormArrays): FormField[] {
  if (value === null) return [{ name, value: '' }];
  if (typeof value !== 'object') return [{ name, value: String(value) }];
  const file = fileOf(value, name);
  if (file) return [{ name, value: file }];
  if (isList(value)) {
    if (value.length === 0) return [{ name, value: '' }];
    return value.flatMap((item, index) => fieldsOf(itemName(name, item, index, arrays), item, arrays));
  }
  const members = Object.entries(value);
  if (members.length === 0) return [{ name, value: '' }];
  return members.flatMap(([member, inner]) => fieldsOf(`${name}[${member}]`, inner, arrays));
}

function itemName(name: string, item: Json, index: number, arrays: FormArrays): string {
  if (arrays === 'indices') return `${name}[${index}]`;
  // Without an index nobody could tell where one item ends and the next begins.
  if (isList(item) || (arrays === 'repeat' && isObject(item) && !isFile(item)))
    throw renderingError(`"${name}" holds lists or objects in a list: they need formArrays "indices"`);
  return arrays === 'brackets' ? `${name}[]` : name;
}

type JsonObject = Readonly<Record<string, Json>>;
const isList = (value: Json): value is readonly Json[] => Array.isArray(value);
const isObject = (value: Json): value is JsonObject =>
  typeof value === 'object' && value !== null && !isList(value);
const isFile = (value: Json): value is JsonObject => isObject(value) && Object.hasOwn(value, '$file');
