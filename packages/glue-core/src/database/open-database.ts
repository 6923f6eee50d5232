import { readFileSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { dirname } from 'node:path';
import knex from 'knex';
import { GlueError, messageOf } from '../errors/glue-error.js';
import { makeFolder } from '../files/make-folder.js';
import type { Database } from './database.js';
import type { DatabaseConfig, MysqlConfig, SqliteConfig } from './database-config.js';
import { prepareMysqlConnection, type MysqlConnection } from './mysql-connection.js';
import { KEPT_STATEMENTS } from './prepared-statements.js';
import { prepareSqliteConnection } from './sqlite-connection.js';
import { SqliteFile } from './sqlite-file.js';
import { namingFile } from './sqlite-trouble.js';

/** TCP asks a silent server whether it is still there after this, in milliseconds. */
const KEEP_ALIVE_AFTER_MS = 10_000;
/** How long one may wait for the one connection of a SQLite file, in milliseconds. */
const SQLITE_ACQUIRE_TIMEOUT_MS = 10_000;

const silent = () => {};
/**
 * Values stay out of the messages of database errors, and so out of logs: they can be payloads or secrets. Nor does
 * knex write to the console what its callers get as errors.
 */
const quiet = {
  compileSqlOnError: false,
  log: { warn: silent, error: silent, deprecate: silent, debug: silent },
} as const;

/**
 * Opens the database of a host. Connections are made on first use; close with `database.destroy()`.
 * @throws GLUE_DATABASE_UNAVAILABLE when the folder of a SQLite file cannot be made, GLUE_CONFIG_INVALID when the file
 *   of the certificate authority cannot be read
 */
export function openDatabase(config: DatabaseConfig): Database {
  switch (config.client) {
    case 'sqlite':
      return openSqlite(config);
    case 'mysql':
      return openMysql(config);
  }
}

function openSqlite({ file, durability }: SqliteConfig): Database {
  makeDatabaseFolder(dirname(file));
  const opened = new SqliteFile(file);
  const database = knex({
    ...quiet,
    client: 'better-sqlite3',
    connection: { filename: file },
    useNullAsDefault: true,
    acquireConnectionTimeout: SQLITE_ACQUIRE_TIMEOUT_MS,
    pool: {
      min: 1,
      max: 1,
      afterCreate: (
        connection: { close(): unknown },
        ready: (error: Error | null, connection: unknown) => void,
      ) => {
        try {
          prepareSqliteConnection(connection, opened, durability);
        } catch (error) {
          // The pool forgets it, and asks for another soon.
          connection.close();
          return ready(error as Error, connection);
        }
        ready(null, connection);
      },
    },
  });
  const client = database.client as { acquireRawConnection: () => Promise<unknown> };
  const acquire = client.acquireRawConnection.bind(client);
  client.acquireRawConnection = async () => {
    makeDatabaseFile(file);
    try {
      return await acquire();
    } catch (error) {
      throw namingFile(file, error);
    }
  };
  return database;
}

function openMysql({ url, poolSize, connectTimeoutMs, answerTimeoutMs, tls }: MysqlConfig): Database {
  const { username, password, pathname, hostname, port: portText } = new URL(url);
  const host = hostname.replace(/^\[|\]$/g, '');
  const port = portText === '' ? 3306 : Number(portText);
  // A little longer, so that connecting fails first and says why.
  const poolTimeoutMs = connectTimeoutMs + 100;
  return knex({
    ...quiet,
    client: 'mysql2',
    connection: {
      host,
      port,
      stream: () => connectTo(host, port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      charset: 'utf8mb4',
      timezone: 'Z',
      connectTimeout: connectTimeoutMs,
      supportBigNumbers: true,
      maxPreparedStatements: KEPT_STATEMENTS,
      ...(tls !== false && {
        // mysql2 by itself would take a certificate for any host.
        ssl: { verifyIdentity: true, ...(tls !== true && { ca: readAuthority(tls.caFile) }) },
      }),
    },
    acquireConnectionTimeout: poolTimeoutMs,
    pool: {
      min: 0,
      max: poolSize,
      createTimeoutMillis: poolTimeoutMs,
      afterCreate: (
        connection: MysqlConnection,
        ready: (error: Error | null, connection: unknown) => void,
      ) => {
        prepareMysqlConnection(connection, answerTimeoutMs).then(
          () => ready(null, connection),
          (error: Error) => ready(error, connection),
        );
      },
    },
  });
}

/**
 * The name that a certificate must bear is, for Node, that of the socket where none is said, and mysql2 says none for
 * an IP address. A socket to an address has no name; Node would take `localhost` then.
 */
function connectTo(host: string, port: number): Socket {
  const socket = connect(port, host).setNoDelay(true).setKeepAlive(true, KEEP_ALIVE_AFTER_MS);
  return Object.assign(socket, { _host: host });
}

function makeDatabaseFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    throw new GlueError(
      'GLUE_DATABASE_UNAVAILABLE',
      `the database folder ${folder} cannot be made (${messageOf(cause)}): name another, or let the user of this process make it`,
      { cause },
    );
  }
}

/**
 * SQLite itself makes files that everybody may read. Those beside this one, `-wal` and `-shm`, it makes with the same
 * permissions.
 */
function makeDatabaseFile(file: string): void {
  if (file === ':memory:') return;
  try {
    writeFileSync(file, '', { flag: 'wx', mode: 0o600 });
  } catch {
    // It is there already, or cannot be made: SQLite says so better.
  }
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new GlueError('GLUE_CONFIG_INVALID', `the certificate authority ${file} cannot be read`, { cause });
  }
}
