import { GlueError, messageOf } from '../errors/glue-error.js';
import { PacketTooLarge } from './packet-limit.js';
import { isTroubleCode, SqliteTrouble } from './sqlite-trouble.js';

type Fields = {
  readonly code?: unknown;
  readonly errno?: unknown;
  readonly name?: unknown;
  readonly fatal?: unknown;
};

const DEADLOCK = 1213;
const LOCK_WAIT = 1205;
/** A cluster node that is not ready: it has just joined, gives its data to another, or has lost the majority. */
const NODE_NOT_READY = 1047;
const PACKET_TOO_LARGE = 1153;

/**
 * MySQL: lock wait (also a cluster node's wait for what the others wrote), deadlock (also a cluster's refused
 * certification), record changed since it was read.
 */
const conflictErrnos: ReadonlySet<unknown> = new Set([LOCK_WAIT, DEADLOCK, 1020]);

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
]);

function fields(error: unknown): Fields {
  return typeof error === 'object' && error !== null ? error : {};
}

/** The database refused a transaction for reasons of its own, with nothing of it done; the same one can pass when run again. */
export function isTransientDatabaseError(error: unknown): boolean {
  const { errno } = fields(error);
  return conflictErrnos.has(errno) || errno === NODE_NOT_READY || isBusyFile(error);
}

/** SQLite: another process, or another connection, writes. */
export function isBusyFile(error: unknown): boolean {
  const { code } = fields(error);
  return typeof code === 'string' && /^SQLITE_(BUSY|LOCKED)/.test(code);
}

/** A lock that another transaction holds was waited for in vain. */
export function isLockWait(error: unknown): boolean {
  return fields(error).errno === LOCK_WAIT;
}

/** The server chose the transaction to give way to another, and has rolled it back. */
export function isDeadlock(error: unknown): boolean {
  return fields(error).errno === DEADLOCK;
}

/** A node of a cluster that takes no statements, not even to end a transaction. */
export function isNodeNotReady(error: unknown): boolean {
  return fields(error).errno === NODE_NOT_READY;
}

/**
 * What the database said of a statement within a transaction ends the transaction, whoever wrote the statement: it was
 * refused for reasons of the database's own, or the connection is gone. All else is the statement's own fault.
 */
export function endsTransaction(error: unknown): boolean {
  const { errno, fatal } = fields(error);
  if (isTransientDatabaseError(error) || fatal === true) return true;
  return typeof errno !== 'number' && isUnavailableDatabaseError(error);
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
  return error instanceof SqliteTrouble || (typeof code === 'string' && isTroubleCode(code));
}

/**
 * What to throw for what a database threw: GLUE_DATABASE_UNAVAILABLE when it is away,
 * GLUE_DATABASE_PACKET_TOO_LARGE for a statement that it does not take, else the error itself.
 */
export function asGlueError(error: unknown): unknown {
  if (error instanceof GlueError) return error;
  if (fields(error).errno === PACKET_TOO_LARGE) return tooLarge(error);
  return isUnavailableDatabaseError(error) ? unavailable(error) : error;
}

/** What to throw for what a database refused again and again. */
export function refusedEveryTime(cause: unknown, runs: number): GlueError {
  // The whole database: a file that another process writes to, a node that is not ready.
  if (!conflictErrnos.has(fields(cause).errno)) return unavailable(cause);
  const times = runs === 1 ? 'once' : `${runs} times`;
  const message = `the database refused a transaction ${times} (${reasonOf(cause)})`;
  return new GlueError('GLUE_DATABASE_CONFLICT', message, { cause });
}

function unavailable(cause: unknown): GlueError {
  const message = `the database cannot be used (${reasonOf(cause)})`;
  return new GlueError('GLUE_DATABASE_UNAVAILABLE', message, { cause });
}

function tooLarge(cause: unknown): GlueError {
  const sizes =
    cause instanceof PacketTooLarge
      ? `: ${cause.bytes} bytes, and max_allowed_packet is ${cause.maxBytes}`
      : '';
  const message = `a statement is larger than the database takes${sizes}`;
  return new GlueError('GLUE_DATABASE_PACKET_TOO_LARGE', message, { cause });
}

/** The code alone, since messages can repeat values; those about TLS, or the file, cannot, and say what is wrong. */
function reasonOf(error: unknown): string {
  const { code, name } = fields(error);
  if (error instanceof SqliteTrouble) return error.problem;
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

/** MySQL: the column or index that was to be dropped is not there. */
export function isGoneAlready(error: unknown): boolean {
  return fields(error).errno === 1091;
}

/**
 * The statement was broken off while it ran: by a person, a server that ends, or, on a cluster node, a change of the
 * schema that came from another node and goes first.
 */
export function isInterruptedError(error: unknown): boolean {
  const cause = error instanceof GlueError ? error.cause : error;
  return fields(cause).errno === 1317;
}
