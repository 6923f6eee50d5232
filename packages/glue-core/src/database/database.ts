import type { Knex } from 'knex';
import type { InjectionToken } from '../di.js';

/** A knex instance, or a transaction of it. */
export type Database = Knex;
export type Transaction = Knex.Transaction;

export const DATABASE: InjectionToken<Database> = Symbol('glue:database');

export type Dialect = 'sqlite' | 'mysql';

/** Which SQL the connection speaks. MariaDB counts as mysql. */
export function dialectOf(database: Database): Dialect {
  const client = database.client as { dialect?: string };
  return client.dialect === 'sqlite3' ? 'sqlite' : 'mysql';
}
