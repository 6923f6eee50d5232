import type { Transaction } from './database.js';

/** The part of a mysql2 connection that is watched here. */
export interface WatchedConnection {
  query(
    statement: unknown,
    values: unknown,
    done: (error: Error | null, rows?: unknown, more?: unknown) => void,
  ): unknown;
  readonly stream: { destroy(error: Error): unknown };
}

const withoutLimit = new WeakSet<object>();

/**
 * Destroys a connection whose server gives no answer in time: a line that lets nothing through would hang whoever waits
 * for it, since mysql2 gives up connecting and nothing else. Everybody who waits then gets PROTOCOL_SEQUENCE_TIMEOUT.
 */
export function limitAnswers(connection: WatchedConnection, limitMs: number): void {
  const query = connection.query.bind(connection);
  connection.query = (statement, values, done) => {
    if (withoutLimit.has(connection)) return query(statement, values, done);
    let isAnswered = false;
    const timer = setTimeout(() => {
      // An event loop that was blocked finds the timer due before it has read an answer that is there.
      setImmediate(() => {
        if (!isAnswered) connection.stream.destroy(noAnswer(limitMs));
      });
    }, limitMs);
    return query(statement, values, (error, ...answer) => {
      isAnswered = true;
      clearTimeout(timer);
      done(error, ...answer);
    });
  };
}

/**
 * Runs work on a transaction's connection whose statements may take as long as they need: changes of the schema of
 * large tables. What a dead line costs then is up to TCP's keep-alive.
 */
export async function withoutAnswerLimit<T>(trx: Transaction, work: () => Promise<T>): Promise<T> {
  const { acquireConnection } = trx.client as { acquireConnection: () => Promise<object> };
  const connection = await acquireConnection();
  withoutLimit.add(connection);
  try {
    return await work();
  } finally {
    withoutLimit.delete(connection);
  }
}

function noAnswer(limitMs: number): Error {
  return Object.assign(new Error(`the database gave no answer within ${limitMs} ms`), {
    code: 'PROTOCOL_SEQUENCE_TIMEOUT',
  });
}
