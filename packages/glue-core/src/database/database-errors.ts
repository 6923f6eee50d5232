import { GlueError } from '../errors/glue-error.js';

/** MySQL: lock wait timeout, deadlock or a cluster's refused certification, cluster node not ready. */
const mysqlTransient: ReadonlySet<unknown> = new Set([1205, 1213, 1047]);
const mysqlUnavailable: ReadonlySet<unknown> = new Set([
  1040, 1053, 1129, 1203, 1290, 2002, 2003, 2006, 2013,
]);
const unavailableCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
]);

function fields(error: unknown): { code?: unknown; errno?: unknown; name?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}

/** The database refused a transaction for reasons of its own; the same one can pass when run again. */
export function isTransientDatabaseError(error: unknown): boolean {
  const { code, errno } = fields(error);
  return mysqlTransient.has(errno) || (typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code));
}

/** The database is away, full or unreachable. */
export function isUnavailableDatabaseError(error: unknown): boolean {
  const { code, errno, name } = fields(error);
  if (name === 'KnexTimeoutError' || mysqlUnavailable.has(errno) || unavailableCodes.has(code)) return true;
  return typeof code === 'string' && code.startsWith('SQLITE_IOERR');
}

/** What to throw for what a database threw: GLUE_DATABASE_UNAVAILABLE when it is away, else the error itself. */
export function asGlueError(error: unknown): unknown {
  if (error instanceof GlueError || !isUnavailableDatabaseError(error)) return error;
  const { code, name } = fields(error);
  const reason = String(code ?? name);
  return new GlueError('GLUE_DATABASE_UNAVAILABLE', `the database cannot be used (${reason})`, {
    cause: error,
  });
}

/** A unique or primary key refused the row. */
export function isDuplicateKeyError(error: unknown): boolean {
  const { code, errno } = fields(error);
  return errno === 1062 || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}
