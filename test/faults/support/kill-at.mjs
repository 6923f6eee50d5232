/**
 * Loaded into a host with --import: ends it as `kill -9` does, when it comes to a stage for the n-th time. Stage and
 * number stand in GLUE_TEST_KILL_AT, like `before-commit-of-append:12`.
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

/** What the transaction that is open on a connection has written. */
const written = new WeakMap();

function kindOf(sql) {
  if (/^INSERT INTO glue_events /i.test(sql)) return 'append';
  if (/^insert into `glue_(event|delivery)_attempts`/i.test(sql)) return 'settle';
  return undefined;
}

for (const { prototype } of [sqliteClient, mysqlClient]) {
  const query = prototype._query;
  prototype._query = async function (connection, statement) {
    const sql = typeof statement === 'string' ? statement : statement.sql;
    const kind = kindOf(sql);
    if (kind) written.set(connection, kind);
    const committed = /^COMMIT/i.test(sql) ? written.get(connection) : undefined;
    if (/^(COMMIT|ROLLBACK)/i.test(sql)) written.delete(connection);
    if (committed) globalThis.passStage(`before-commit-of-${committed}`);
    const answer = await query.call(this, connection, statement);
    if (committed) globalThis.passStage(`after-commit-of-${committed}`);
    return answer;
  };
}
