import { limitAnswers, type WatchedConnection } from './answer-limit.js';

/** The part of a mysql2 connection that is set up here. */
export interface MysqlConnection extends WatchedConnection {
  end(done: (error?: unknown) => void): void;
  readonly stream: { destroy(error?: Error): unknown; destroySoon(): unknown };
}

/**
 * On a node of a Galera cluster every read, update and insert first waits until this node has what was committed on
 * the others: connections of one pool may lead to different nodes, and we read what we wrote.
 * 1 reads and BEGIN, 2 updates and deletes, 4 inserts: https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait
 */
const WSREP_SYNC_WAIT = 1 | 2 | 4;

/** Sets a new connection up. It is destroyed when that fails. */
export async function prepareMysqlConnection(
  connection: MysqlConnection,
  answerTimeoutMs: number,
): Promise<void> {
  limitAnswers(connection, answerTimeoutMs);
  leaveNothingOpen(connection);
  const ask = (sql: string) =>
    new Promise<unknown>((resolve, reject) =>
      connection.query({ sql }, [], (error, rows) => (error ? reject(error) : resolve(rows))),
    );
  try {
    // No gap locks: claims of several hosts must not block each other.
    await ask('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    // Who waits for a lock is told so by the server, and runs again, before the wait looks like a dead line.
    await ask(`SET SESSION innodb_lock_wait_timeout = ${lockWaitSeconds(answerTimeoutMs)}`);
    if (isOn(await ask("SHOW VARIABLES LIKE 'wsrep_on'")))
      await ask(`SET SESSION wsrep_sync_wait = ${WSREP_SYNC_WAIT}`);
  } catch (error) {
    connection.stream.destroy();
    throw error;
  }
}

/**
 * knex takes its leave (COM_QUIT) and waits for the server to close. Where the line is dead that keeps the process
 * alive, and the error that ends it at last finds nobody listening.
 */
function leaveNothingOpen(connection: MysqlConnection): void {
  const end = connection.end.bind(connection);
  connection.end = (done) => {
    end(done);
    connection.stream.destroySoon();
  };
}

function lockWaitSeconds(answerTimeoutMs: number): number {
  return Math.max(1, Math.floor(answerTimeoutMs / 2_000));
}

function isOn(rows: unknown): boolean {
  const [row] = rows as { Value?: string }[];
  return row?.Value === 'ON';
}
