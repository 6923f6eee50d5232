import { dialectOf, type Database } from './database.js';
import { rowsOf } from './database-time.js';

type Done = (error: Error | null, rows?: unknown, more?: unknown) => void;
type Run = (statement: Statement, values: unknown, done: Done) => unknown;
interface Statement {
  readonly sql: string;
}

/** The part of a mysql2 connection that is watched here. */
export interface LimitedConnection {
  query: Run;
  execute: Run;
  /** The text that is sent, with the values in it. */
  format(sql: string, values: unknown): string;
}

/** A statement is larger than the server takes. The code and number are those of the server. */
export class PacketTooLarge extends Error {
  readonly code = 'ER_NET_PACKET_TOO_LARGE';
  readonly errno = 1153;

  constructor(
    readonly bytes: number,
    readonly maxBytes: number,
  ) {
    super(`a statement of ${bytes} bytes is larger than max_allowed_packet, ${maxBytes} bytes`);
  }
}

/**
 * Refuses what the server would not read: it breaks the connection off in the middle of such a statement, which looks
 * as if it had gone away, and takes the transaction with it.
 * @param maxBytes - the server's `max_allowed_packet`, asked for with each statement
 */
export function refuseLargePackets(connection: LimitedConnection, maxBytes: () => number): void {
  const textBytes: BytesOf = (sql, values) => 1 + Buffer.byteLength(connection.format(sql, values));
  connection.query = refusing(connection.query.bind(connection), textBytes, maxBytes);
  connection.execute = refusing(connection.execute.bind(connection), binaryBytes, maxBytes);
}

/** The `max_allowed_packet` of a server, in bytes. @returns undefined where there is no such limit: on SQLite */
export async function maxPacketBytes(database: Database): Promise<number | undefined> {
  if (dialectOf(database) === 'sqlite') return undefined;
  const answer: unknown = await database.raw('SELECT @@max_allowed_packet AS bytes');
  const [row] = rowsOf<{ bytes: number }>(answer);
  return row && Number(row.bytes);
}

type BytesOf = (sql: string, values: unknown) => number;

function refusing(run: Run, bytesOf: BytesOf, maxBytes: () => number): Run {
  return (statement, values, done) => {
    const max = maxBytes();
    // Nearly all are far from it, which their lengths alone tell.
    if (mostBytes(statement.sql, values) >= max) {
      const bytes = bytesOf(statement.sql, values);
      if (bytes >= max) return process.nextTick(done, new PacketTooLarge(bytes, max));
    }
    return run(statement, values, done);
  };
}

/** As text, bytes are two digits each, and a unit of a string three bytes at most. */
function mostBytes(sql: string, values: unknown): number {
  return each(values).reduce<number>((sum, value) => sum + 32 + 3 * lengthOf(value), 1 + 3 * sql.length);
}

/** https://mariadb.com/kb/en/com_stmt_execute/: a head, and of each value its type, its length and its bytes. */
function binaryBytes(_sql: string, values: unknown): number {
  const bytesOf = (value: unknown) =>
    typeof value === 'string' ? Buffer.byteLength(value) : lengthOf(value);
  return each(values).reduce<number>((sum, value) => sum + 12 + bytesOf(value), 32);
}

function lengthOf(value: unknown): number {
  return typeof value === 'string' || value instanceof Uint8Array ? value.length : 0;
}

function each(values: unknown): readonly unknown[] {
  return Array.isArray(values) ? (values as unknown[]) : [];
}
