import type { Transaction } from './database.js';

/**
 * One append-only step of the schema. Never edited once released; a later one corrects it.
 *
 * It is run once on SQLite and, as a rule, on one MySQL server. It must bear being run again, halfway or whole, before
 * and after those that follow it, and beside itself: MySQL commits at each change of the schema, so a host can die
 * between the change and its record; and hosts that start on different nodes of a cluster know nothing of each other.
 * So it makes what is missing (`createTable`, `runSchemaStatement`) and never drops what can be in use.
 */
export interface Migration {
  /** Unique and sorted: `<package>-<number>-<what>`, e.g. `core-001-backends`. */
  readonly name: string;
  up(trx: Transaction): Promise<void>;
}
