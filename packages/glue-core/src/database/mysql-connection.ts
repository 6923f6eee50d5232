import { limitAnswers, type WatchedConnection } from './answer-limit.js';
import { dropOpenTransactions } from './open-transactions.js';
import { refuseLargePackets, type LimitedConnection } from './packet-limit.js';
import { prepareMarkedStatements, type PreparingConnection } from './prepared-statements.js';

/** The part of a mysql2 connection that is set up here. */
export interface MysqlConnection extends WatchedConnection, PreparingConnection {
  query: PreparingConnection['query'];
  format: LimitedConnection['format'];
  end(done: (error?: unknown) => void): void;
  readonly stream: { destroy(error?: Error): unknown; destroySoon(): unknown };
}

/**
 * On a node of a Galera cluster every read, update and insert first waits until this node has what was committed on
 * the others: connections of one pool may lead to different nodes, and we read what we wrote.
 * 1 reads and BEGIN, 2 updates and deletes, 4 inserts: https://mariadb.com/kb/en/galera-cluster-system-variables/#wsrep_sync_wait
 */
const WSREP_SYNC_WAIT = 1 | 2 | 4;
/** Others wait behind whoever waits for a lock: in a group that is committed together, for one key of one event. */
const LOCK_WAIT_SECONDS = 2;
/** The server ends a connection after this without a word; the pool itself ends what is idle for 30 s. */
const IDLE_SECONDS = 60;
/** The same in the middle of a transaction, on MariaDB: https://mariadb.com/docs/server/ref/mdb/system-variables/idle_transaction_timeout */
const IDLE_IN_TRANSACTION_SECONDS = 15;

const ASKED = ["'max_allowed_packet'", "'idle_transaction_timeout'", "'wsrep_on'"] as const;

/** Sets a new connection up. It is destroyed when that fails. */
export async function prepareMysqlConnection(
  connection: MysqlConnection,
  answerTimeoutMs: number,
): Promise<void> {
  let maxPacketBytes = Infinity;
  refuseLargePackets(connection, () => maxPacketBytes);
  prepareMarkedStatements(connection);
  dropOpenTransactions(connection);
  limitAnswers(connection, answerTimeoutMs);
  leaveNothingOpen(connection);
  const ask = (sql: string) =>
    new Promise<unknown>((resolve, reject) =>
      connection.query({ sql }, [], (error, rows) => (error ? reject(error) : resolve(rows))),
    );
  try {
    // No gap locks: claims of several hosts must not block each other.
    await ask('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED');
    // Who waits for a lock is told so by the server long before the wait looks like a dead line, and lets others go on.
    await ask(`SET SESSION innodb_lock_wait_timeout = ${lockWaitSeconds(answerTimeoutMs)}`);
    // A host that hangs, or whose line is dead, must not keep its locks for the eight hours that are the default.
    await ask(`SET SESSION wait_timeout = ${IDLE_SECONDS}`);
    const offered = variablesOf(await ask(`SHOW VARIABLES WHERE Variable_name IN (${ASKED.join(',')})`));
    maxPacketBytes = Number(offered.get('max_allowed_packet') ?? Infinity);
    if (offered.has('idle_transaction_timeout'))
      await ask(`SET SESSION idle_transaction_timeout = ${IDLE_IN_TRANSACTION_SECONDS}`);
    if (offered.get('wsrep_on') === 'ON') await ask(`SET SESSION wsrep_sync_wait = ${WSREP_SYNC_WAIT}`);
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
  return Math.min(LOCK_WAIT_SECONDS, Math.max(1, Math.floor(answerTimeoutMs / 2_000)));
}

function variablesOf(rows: unknown): ReadonlyMap<string, string> {
  const variables = rows as { Variable_name: string; Value: string }[];
  return new Map(variables.map(({ Variable_name: name, Value: value }) => [name, value]));
}
