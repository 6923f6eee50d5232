import type { JobsQueryOptions, RemoveJobsOptions } from 'agenda';
import type { Knex } from 'knex';
import type { Database } from './database.js';
import { jsonEquals, jsonMissing } from './dialect.js';
import { isJsonObject, toJsonValue, type JsonValue } from './json-value.js';

/** Narrows a query. */
export type Condition = (query: Knex.QueryBuilder) => unknown;

/** What every selection of jobs may name. */
type Selection = Pick<
  JobsQueryOptions & RemoveJobsOptions,
  'id' | 'ids' | 'name' | 'names' | 'notNames' | 'data'
>;

/**
 * The conditions a selection makes, none for an empty one (an empty list names nothing, and makes none either).
 *
 * `id` goes before `ids`; `name` before `names` before `notNames`.
 */
export function jobConditions(database: Database, selection: Selection): Condition[] {
  const { id, ids, name, names, notNames, data } = selection;
  const conditions: Condition[] = [];
  if (id) conditions.push((query) => query.where({ id: String(id) }));
  else if (ids?.length) conditions.push((query) => query.whereIn('id', ids.map(String)));
  if (name) conditions.push((query) => query.where({ name }));
  else if (names?.length) conditions.push((query) => query.whereIn('name', names));
  else if (notNames?.length) conditions.push((query) => query.whereNotIn('name', notNames));
  if (data !== undefined) conditions.push(...dataConditions(database, toJsonValue(data), []));
  return conditions;
}

/** Jobs with `text` in their name, upper or lower case. Wildcards are letters like others. */
export function nameContains(text: string): Condition {
  const pattern = `%${text.replace(/[!%_]/g, '!$&')}%`;
  return (query) => query.whereRaw(`lower(??) like lower(?) escape '!'`, ['name', pattern]);
}

/** Objects match where all that they name matches, however deep; anything else, lists too, must be equal. */
function dataConditions(database: Database, wanted: JsonValue, path: string[]): Condition[] {
  if (isJsonObject(wanted)) {
    return Object.entries(wanted).flatMap(([key, child]) =>
      dataConditions(database, child, [...path, speakable(key)]),
    );
  }
  const { knex, dialect } = database;
  const equal = jsonEquals(knex, dialect, 'data', path, JSON.stringify(wanted));
  if (wanted !== null) return [(query) => query.where(equal)];
  const missing = jsonMissing(knex, dialect, 'data', path);
  return [(query) => query.where((either) => void either.where(missing).orWhere(equal))];
}

/** No dialect's path syntax can quote these in the same way. */
function speakable(key: string): string {
  if (/["\\]/.test(key)) throw new TypeError(`data: cannot search by the field ${JSON.stringify(key)}`);
  return key;
}
