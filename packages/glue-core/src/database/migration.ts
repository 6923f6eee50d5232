import type { Transaction } from './database.js';

/** One append-only step of the schema. Never edited once released; a later one corrects it. */
export interface Migration {
  /** Unique and sorted: `<package>-<number>-<what>`, e.g. `core-001-backends`. */
  readonly name: string;
  up(trx: Transaction): Promise<void>;
}
