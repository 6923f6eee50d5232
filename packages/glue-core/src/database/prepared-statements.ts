/** Marks a statement, by knex's `options`, that is worth being prepared on the server. SQLite's all are. */
export const PREPARED = { isPrepared: true } as const;

/** Per connection; those used least recently are closed. A server has 16,382 for all its connections by default. */
export const KEPT_STATEMENTS = 150;
/** https://mariadb.com/docs/server/reference/error-codes/mariadb-error-codes-1400-to-1499/e1461 */
const TOO_MANY_STATEMENTS = 1461;

type Done = (error: Error | null, rows?: unknown, more?: unknown) => void;
type Run = (statement: unknown, values: unknown, done: Done) => unknown;

/** The part of a mysql2 connection that is changed here. */
export interface PreparingConnection {
  query: Run;
  execute: Run;
}

/**
 * Lets statements that are marked travel in MySQL's binary protocol, which knex does not speak: their text is parsed
 * once, and bytes go as they are. Where the server keeps no more statements they go as text, like all others.
 */
export function prepareMarkedStatements(connection: PreparingConnection): void {
  const query = connection.query.bind(connection);
  const execute = connection.execute.bind(connection);
  connection.query = (statement, values, done) => {
    if (!isMarked(statement)) return query(statement, values, done);
    return execute(statement, values, (error, ...answer) =>
      isTooMany(error) ? query(statement, values, done) : done(error, ...answer),
    );
  };
}

function isMarked(statement: unknown): boolean {
  return typeof statement === 'object' && statement !== null && 'isPrepared' in statement;
}

function isTooMany(error: Error | null): boolean {
  return error !== null && 'errno' in error && error.errno === TOO_MANY_STATEMENTS;
}
