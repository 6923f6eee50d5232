import { GlueError, messageOf } from '../errors/glue-error.js';

type Fields = {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly name?: unknown;
  readonly fatal?: unknown;
};

/**
 * MySQL: lock wait (also a cluster node's wait for what the others wrote), deadlock (also a cluster's refused
 * certification), record changed since it was read.
 */
const conflictErrnos: ReadonlySet<unknown> = new Set([1205, 1213, 1020]);
/** A cluster node that is not ready: it has just joined, gives its data to another, or has lost the majority. */
const NODE_NOT_READY = 1047;

/**
 * MySQL: the server is away, ending, full, read-only, or refuses us. 1180 is a commit on a cluster node that lost the
 * others meanwhile; nobody knows whether they have it.
 */
const unavailableErrnos: ReadonlySet<unknown> = new Set([
  NODE_NOT_READY,
  ...[1040, 1129, 1203, 1226], // too many connections, errors or connections of one user
  ...[1044, 1045, 1049, 1698, 1251, 3159], // access denied, unknown database, TLS required
  ...[1053, 1080, 1152, 1184, 1317, 1927], // shutting down, connection aborted, interrupted or killed
  ...[1158, 1159, 1160, 1161, 2002, 2003, 2006, 2013], // network
  ...[1021, 1026, 1030, 1037, 1041, 1114], // disk, memory or tablespace full
  ...[1180, 1290, 1836], // error at commit, read-only server
]);

const unavailableCodes: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'PROTOCOL_CONNECTION_LOST',
  'PROTOCOL_SEQUENCE_TIMEOUT',
  'SQLITE_FULL',
  'SQLITE_CANTOPEN',
  'SQLITE_READONLY',
]);

function fields(error: unknown): Fields {
  return typeof error === 'object' && error !== null ? error : {};
}

/** The database refused a transaction for reasons of its own, with nothing of it done; the same one can pass when run again. */
export function isTransientDatabaseError(error: unknown): boolean {
  const { code, errno } = fields(error);
  if (conflictErrnos.has(errno) || errno === NODE_NOT_READY) return true;
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code);
}

/**
 * The database is away, full or unreachable. Of a COMMIT that ends so nobody knows whether it went through; what is run
 * again then must find what it did before.
 */
export function isUnavailableDatabaseError(error: unknown): boolean {
  const { code, errno, name, fatal } = fields(error);
  // mysql2 marks every error fatal that ends the connection, TLS and the like; not all have a code.
  if (fatal === true || name === 'KnexTimeoutError') return true;
  if (unavailableErrnos.has(errno) || unavailableCodes.has(code)) return true;
  return typeof code === 'string' && code.startsWith('SQLITE_IOERR');
}

/** What to throw for what a database threw: GLUE_DATABASE_UNAVAILABLE when it is away, else the error itself. */
export function asGlueError(error: unknown): unknown {
  if (error instanceof GlueError || !isUnavailableDatabaseError(error)) return error;
  return new GlueError('GLUE_DATABASE_UNAVAILABLE', `the database cannot be used (${reasonOf(error)})`, {
    cause: error,
  });
}

/** The code alone, since messages can repeat values; those about TLS cannot, and say what is wrong. */
function reasonOf(error: unknown): string {
  const { code, name } = fields(error);
  if (code === 'HANDSHAKE_SSL_ERROR') return `TLS: ${messageOf(error).replace(/^Error( \[\w+\])?: /, '')}`;
  return String(code ?? (name === 'Error' ? 'the connection is closed' : name));
}

/** A unique or primary key refused the row. */
export function isDuplicateKeyError(error: unknown): boolean {
  const { code, errno } = fields(error);
  return errno === 1062 || code === 'SQLITE_CONSTRAINT_UNIQUE' || code === 'SQLITE_CONSTRAINT_PRIMARYKEY';
}

/** MySQL: the table, column or index that was to be made is there. */
export function isThereAlready(error: unknown): boolean {
  const { errno } = fields(error);
  return errno === 1050 || errno === 1060 || errno === 1061;
}

/**
 * The statement was broken off while it ran: by a person, a server that ends, or, on a cluster node, a change of the
 * schema that came from another node and goes first.
 */
export function isInterruptedError(error: unknown): boolean {
  const cause = error instanceof GlueError ? error.cause : error;
  return fields(cause).errno === 1317;
}
