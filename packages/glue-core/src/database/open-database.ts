import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import knex from 'knex';
import { GlueError } from '../errors/glue-error.js';
import { makeFolder } from '../files/make-folder.js';
import type { Database } from './database.js';
import type { DatabaseConfig, MysqlConfig, SqliteConfig } from './database-config.js';
import { prepareSqliteConnection } from './sqlite-connection.js';

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
  return knex({
    ...quiet,
    client: 'better-sqlite3',
    connection: { filename: file },
    useNullAsDefault: true,
    pool: {
      min: 1,
      max: 1,
      afterCreate: (connection: unknown, ready: (error: Error | null, connection: unknown) => void) =>
        ready(null, prepareSqliteConnection(connection, durability)),
    },
  });
}

function openMysql({ url, poolSize, connectTimeoutMs, tls }: MysqlConfig): Database {
  const { hostname, port, username, password, pathname } = new URL(url);
  return knex({
    ...quiet,
    client: 'mysql2',
    connection: {
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? 3306 : Number(port),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      database: decodeURIComponent(pathname.slice(1)),
      charset: 'utf8mb4',
      timezone: 'Z',
      connectTimeout: connectTimeoutMs,
      supportBigNumbers: true,
      ...(tls !== false && { ssl: tls === true ? {} : { ca: readAuthority(tls.caFile) } }),
    },
    acquireConnectionTimeout: connectTimeoutMs,
    pool: {
      min: 0,
      max: poolSize,
      // No gap locks: claims of several hosts must not block each other.
      afterCreate: (connection: MysqlConnection, ready: (error: Error | null, connection: unknown) => void) =>
        connection.query('SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED', (error) =>
          ready(error, connection),
        ),
    },
  });
}

function makeDatabaseFolder(folder: string): void {
  try {
    makeFolder(folder);
  } catch (cause) {
    throw new GlueError('GLUE_DATABASE_UNAVAILABLE', `the database folder ${folder} cannot be made`, {
      cause,
    });
  }
}

function readAuthority(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (cause) {
    throw new GlueError('GLUE_CONFIG_INVALID', `the certificate authority ${file} cannot be read`, { cause });
  }
}

interface MysqlConnection {
  query(sql: string, done: (error: Error | null) => void): void;
}
