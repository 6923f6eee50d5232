import { GlueError } from '../errors/glue-error.js';
import { dialectOf, type Database } from './database.js';
import { rowsOf } from './database-time.js';

/** Clients of knex that Glue is tested with. */
const CLIENTS: readonly unknown[] = ['better-sqlite3', 'mysql2'];
/** Outside the plane in which the older character sets of MySQL end. */
const TEXT = 'ä😀';
const NUMBER = 1_700_000_000_001;

/**
 * Looks at a connection that Glue has not opened itself, before anything is stored by it.
 * @returns what would be better, and what to set for it
 * @throws GLUE_DATABASE_UNSUITABLE, which lists all that is wrong and what to set; what the database throws
 */
export async function checkConnection(database: Database): Promise<readonly string[]> {
  const { driverName } = database.client as { driverName?: unknown };
  if (!CLIENTS.includes(driverName))
    refuse([`its client is "${String(driverName)}": use better-sqlite3 or mysql2`]);
  const variables = dialectOf(database) === 'sqlite' ? [] : await sessionOf(database);
  refuse([...(await valueProblems(database)), ...variables.flatMap(problemsOf)]);
  return variables.flatMap(adviceOn);
}

function refuse(problems: readonly string[]): void {
  if (problems.length > 0)
    throw new GlueError('GLUE_DATABASE_UNSUITABLE', 'the knex connection is not as Glue needs it', {
      problems: [...problems, 'openDatabase() of glue-core gives a connection on which all this is right'],
    });
}

/** Whether what is stored comes back as what it was. */
async function valueProblems(database: Database): Promise<string[]> {
  const answer: unknown = await database.raw(
    `SELECT ${NUMBER} AS glue_number, X'00FF' AS glue_bytes, ? AS glue_text`,
    [TEXT],
  );
  const [row] = rowsOf<Readonly<Record<string, unknown>>>(answer);
  if (row === undefined || !('glue_number' in row))
    return ['rows come back changed: leave out postProcessResponse and rowsAsArray'];
  const { glue_number: number, glue_bytes: bytes, glue_text: text } = row;
  if (Number(number) !== NUMBER || !(bytes instanceof Uint8Array))
    return ['numbers or bytes come back changed: leave out typeCast'];
  return text === TEXT ? [] : ["text comes back changed: set charset: 'utf8mb4' in the connection"];
}

interface Variable {
  readonly Variable_name?: string;
  readonly Value?: string;
}

/** MySQL: what a session is set to. */
async function sessionOf(database: Database): Promise<readonly Variable[]> {
  const answer: unknown = await database.raw(
    "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_isolation', 'transaction_isolation', 'sql_mode')",
  );
  return rowsOf<Variable>(answer);
}

function problemsOf({ Variable_name: name, Value: mode = '' }: Variable): string[] {
  if (name !== 'sql_mode') return [];
  const problems: string[] = [];
  // What is too long would be cut without a word.
  if (!/STRICT_(TRANS|ALL)_TABLES/.test(mode))
    problems.push('sql_mode is not strict: add STRICT_TRANS_TABLES');
  // mysql2 escapes values by backslashes.
  if (mode.includes('NO_BACKSLASH_ESCAPES'))
    problems.push('sql_mode has NO_BACKSLASH_ESCAPES, by which values could end their quotes: leave it out');
  return problems;
}

function adviceOn({ Variable_name: name = '', Value: isolation = '' }: Variable): string[] {
  if (!name.endsWith('isolation') || isolation === 'READ-COMMITTED') return [];
  return [
    `transactions are ${isolation}, and wait for locks that none would hold else: have pool.afterCreate run SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED`,
  ];
}
