/**
 * Loaded into a host with --import: ends it as `kill -9` does, when it comes to a stage for the n-th time. Stage and
 * number stand in GLUE_TEST_KILL_AT, like `before-commit-of-append:12`. Stages of the database are seen at the
 * drivers, those of handler and response are told by the connector `relay`: the product knows nothing of them.
 */
import sqliteClient from 'knex/lib/dialects/better-sqlite3/index.js';
import mysqlClient from 'knex/lib/dialects/mysql2/index.js';

const [wanted, count] = (process.env.GLUE_TEST_KILL_AT ?? '').split(':');
let left = Number(count);

globalThis.passStage = (stage) => {
  if (stage !== wanted) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
};

/** What a statement tells of its transaction. */
const signs = [
  [/^insert into `?glue_events`? /i, 'append'],
  [/^update (or ignore |ignore )?`?glue_(events|deliveries)`? set state = 'processing'/i, 'claim'],
  [/^insert into `?glue_event_attempts`? /i, 'event-settle'],
  [/^insert into `?glue_delivery_attempts`? /i, 'delivery-settle'],
  [/^update `?glue_bulk_moves`? /i, 'bulk-step'],
];

/** What the transaction that is open on a connection has written. */
const transactions = new WeakMap();

/** What is committed by the statement, if anything is that has a name here. */
function commitOf(connection, sql, sign) {
  if (/^begin\b/i.test(sql)) transactions.set(connection, undefined);
  if (!transactions.has(connection)) return sign; // commits by itself
  if (sign) transactions.set(connection, sign);
  if (!/^(commit|rollback)\b/i.test(sql)) return undefined;
  const written = transactions.get(connection);
  transactions.delete(connection);
  return /^commit/i.test(sql) ? written : undefined;
}

for (const { prototype } of [sqliteClient, mysqlClient]) {
  const query = prototype._query;
  prototype._query = async function (connection, statement) {
    const sql = (typeof statement === 'string' ? statement : statement.sql).trimStart();
    const sign = signs.find(([pattern]) => pattern.test(sql))?.[1];
    const committed = commitOf(connection, sql, sign);
    if (committed) globalThis.passStage(`before-commit-of-${committed}`);
    const answer = await query.call(this, connection, statement);
    if (committed) globalThis.passStage(`after-commit-of-${committed}`);
    return answer;
  };
}
