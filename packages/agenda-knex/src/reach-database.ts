import type { Knex } from 'knex';
import { clientOf } from './dialect.js';

/**
 * Asks the database for a sign of life.
 *
 * @throws Error saying which database (never its password) did not answer and why, within `timeoutMs`; or that this
 * knex renames columns.
 */
export async function reachDatabase(knex: Knex, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    const row = await Promise.race([ping(knex), tooLate]);
    if (Number(row?.agenda_ping) !== 1) {
      throw new Error(
        'it renames columns (postProcessResponse or wrapIdentifier): give agenda-knex a knex of its own',
      );
    }
  } catch (cause) {
    throw new Error(`agenda-knex cannot use its database (${whichDatabase(knex)}): ${reason(cause)}`, {
      cause,
    });
  } finally {
    clearTimeout(timer);
  }
}

async function ping(knex: Knex): Promise<{ agenda_ping?: unknown } | undefined> {
  const [row]: { agenda_ping?: unknown }[] = await knex.select(knex.raw('1 as agenda_ping'));
  return row;
}

/** A refused "localhost" is an AggregateError of two refusals, with an empty message. */
function reason(cause: unknown): string {
  if (typeof cause !== 'object' || cause === null) return String(cause);
  const { message, code } = cause as { message?: unknown; code?: unknown };
  const known = [message, code].find((text) => typeof text === 'string' && text !== '');
  return typeof known === 'string' ? known : Object.prototype.toString.call(cause);
}

function whichDatabase(knex: Knex): string {
  const { driverName, dialect, config } = clientOf(knex);
  return [driverName, place(config.connection, dialect === 'sqlite3')].filter(Boolean).join(', ');
}

/** Of a driver's options, those that say where. */
type Server = { [key in 'host' | 'socketPath' | 'port' | 'database' | 'connectionString' | 'uri']?: unknown };

function place(connection: unknown, isFile: boolean): string {
  if (typeof connection === 'string') return placeOfUrl(connection);
  if (typeof connection !== 'object' || connection === null) return '';
  if (isFile) return 'filename' in connection ? String(connection.filename) : '';
  const { host, socketPath, port, database, connectionString, uri }: Server = connection;
  if (connectionString || uri) return placeOfUrl(String(connectionString ?? uri));
  const server = socketPath ?? [host, port].filter(Boolean).join(':');
  return [server, database].filter(Boolean).join('/');
}

function placeOfUrl(url: string): string {
  if (!URL.canParse(url)) return '';
  const { host, pathname } = new URL(url);
  return host + pathname;
}
