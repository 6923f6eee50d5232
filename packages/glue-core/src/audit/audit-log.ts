import type { Transaction } from '../database/database.js';
import { createTable, keyColumn, longTextColumn, timeColumn } from '../database/columns.js';
import type { Migration } from '../database/migration.js';

export interface AuditEntry {
  readonly at: number;
  /** Who: `cli`, `config`, an API key's name … */
  readonly actor: string;
  /** What was done, e.g. `endpoint.create`. */
  readonly action: string;
  /** To which record, e.g. `inbound endpoint stripe-1-inbound`. */
  readonly subject: string;
  /** What changed; never a secret. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

export const AUDIT = 'glue_audit';

export const createAudit: Migration = {
  name: 'core-002-audit',
  up: (trx) =>
    createTable(trx, AUDIT, (table) => {
      table.bigIncrements('id');
      timeColumn(table, 'at').notNullable().index(`${AUDIT}_at`);
      keyColumn(table, 'actor').notNullable();
      keyColumn(table, 'action', 64).notNullable();
      table.string('subject', 255).notNullable();
      longTextColumn(table, 'detail');
    }),
};

/** Writes an entry in the transaction of the change that it tells of. */
export async function audit(trx: Transaction, { detail, ...entry }: AuditEntry): Promise<void> {
  await trx(AUDIT).insert({ ...entry, detail: detail === undefined ? null : JSON.stringify(detail) });
}
