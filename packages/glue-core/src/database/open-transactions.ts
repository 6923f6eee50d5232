import { isDeadlock, isNodeNotReady } from './database-errors.js';

/** The part of a mysql2 connection that is watched here. */
export interface TransactingConnection {
  query(
    statement: unknown,
    values: unknown,
    done: (error: Error | null, rows?: unknown, more?: unknown) => void,
  ): unknown;
  readonly stream: { destroy(error?: Error): unknown };
}

/**
 * Destroys a connection whose transaction may still be open after an error, so that the server rolls it back. In the
 * pool again, it would be the next one's BEGIN that commits what is open.
 */
export function dropOpenTransactions(connection: TransactingConnection): void {
  const query = connection.query.bind(connection);
  connection.query = (statement, values, done) =>
    query(statement, values, (error, ...answer) => {
      if (error && mayStayOpen(sqlOf(statement), error)) connection.stream.destroy();
      done(error, ...answer);
    });
}

/**
 * Whether a transaction can be open after the statement was refused, though nobody is to use it any more. A cluster node
 * that has lost the majority refuses COMMIT and ROLLBACK like all else, and keeps what it has. After a deadlock, also a
 * cluster's refused certification, the server has rolled back by itself.
 */
export function mayStayOpen(sql: string, error: unknown): boolean {
  if (isNodeNotReady(error)) return true;
  const [verb = ''] = /^\w+/.exec(sql) ?? [];
  switch (verb.toUpperCase()) {
    case 'ROLLBACK':
      return true;
    case 'COMMIT':
      return !isDeadlock(error);
    default:
      return false;
  }
}

function sqlOf(statement: unknown): string {
  const isQuery = typeof statement === 'object' && statement !== null && 'sql' in statement;
  return String(isQuery ? statement.sql : statement);
}
