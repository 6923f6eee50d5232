import type { JobsSort, SortDirection } from 'agenda';
import type { Knex } from 'knex';

/** The families of SQL this package speaks; MariaDB is `mysql`. */
export type Dialect = 'sqlite' | 'mysql' | 'postgres';

type Ordering = { column: string; order: SortDirection; nulls?: 'first' | 'last' };

/** What knex knows of its client, and leaves untyped. */
export function clientOf(knex: Knex): { dialect: string; driverName: string; config: Knex.Config } {
  return knex.client as { dialect: string; driverName: string; config: Knex.Config };
}

/**
 * Tells which SQL a knex instance speaks.
 *
 * @throws Error naming the dialect, when it is none of {@link Dialect}.
 */
export function dialectOf(knex: Knex): Dialect {
  const spoken = clientOf(knex).dialect;
  if (spoken === 'sqlite3') return 'sqlite';
  if (spoken === 'mysql') return 'mysql';
  if (spoken === 'postgresql') return 'postgres';
  throw new Error(
    `agenda-knex speaks SQLite, MySQL/MariaDB and PostgreSQL, but this knex is for ${JSON.stringify(spoken)}: ` +
      `give it a knex with client better-sqlite3, mysql2 or pg`,
  );
}

const COLUMNS = new Map<string, string>(
  Object.entries({
    nextRunAt: 'next_run_at',
    lastRunAt: 'last_run_at',
    lastFinishedAt: 'last_finished_at',
    priority: 'priority',
    name: 'name',
    data: 'data',
  } satisfies Record<keyof JobsSort, string>),
);

/** The columns to order by, in the order asked; absent values count as smallest everywhere, and ids break ties. */
export function orderBy(dialect: Dialect, sort: JobsSort): Ordering[] {
  const asked = Object.entries(sort).flatMap(([key, order]: [string, SortDirection | undefined]) => {
    const column = COLUMNS.get(key);
    return column && order ? [ordering(dialect, column, order)] : [];
  });
  return [...asked, { column: 'id', order: 'asc' }];
}

function ordering(dialect: Dialect, column: string, order: SortDirection): Ordering {
  if (dialect !== 'postgres') return { column, order };
  return { column, order, nulls: order === 'asc' ? 'first' : 'last' };
}

/**
 * A condition: the JSON document in `column` has exactly `value` at `path`.
 *
 * Both sides are compared as JSON, so `"1"` is not `1`, and letter case counts.
 */
export function jsonEquals(
  knex: Knex,
  dialect: Dialect,
  column: string,
  path: string[],
  value: string,
): Knex.Raw {
  if (dialect === 'sqlite') return knex.raw('?? -> ? = ?', [column, jsonPath(path), value]);
  if (dialect === 'mysql') {
    // MariaDB has no CAST(… AS JSON) and MySQL no JSON_EQUALS. Both write what they extract in a form of their own, so
    // texts are compared; without concat MariaDB takes the quotes off one side, and "1" would be 1.
    const sides = `concat(json_extract(??, ?), '') = concat(json_extract(?, '$'), '')`;
    return knex.raw(sides, [column, jsonPath(path), value]);
  }
  return knex.raw(`${jsonbAt(path)} = cast(? as jsonb)`, [column, ...path, value]);
}

/** A condition: the JSON document in `column` has nothing at `path`. */
export function jsonMissing(knex: Knex, dialect: Dialect, column: string, path: string[]): Knex.Raw {
  if (dialect === 'sqlite') return knex.raw('?? -> ? is null', [column, jsonPath(path)]);
  if (dialect === 'mysql') return knex.raw('json_extract(??, ?) is null', [column, jsonPath(path)]);
  return knex.raw(`${jsonbAt(path)} is null`, [column, ...path]);
}

function jsonbAt(path: string[]): string {
  if (path.length === 0) return 'cast(?? as jsonb)';
  return `jsonb_extract_path(cast(?? as jsonb), ${path.map(() => 'cast(? as text)').join(', ')})`;
}

function jsonPath(path: string[]): string {
  return ['$', ...path.map((key) => `"${key}"`)].join('.');
}
