import { createTable, runSchemaStatement, timeColumn } from '../database/columns.js';
import type { Database } from '../database/database.js';
import type { Migration } from '../database/migration.js';

/** One row per host incarnation that holds, or held, a lease. */
export const HOSTS = 'glue_hosts';

export interface HostRow {
  incarnation: number;
  name: string;
  pid: number;
  /** Tells the process from others that have, or had, its id; null where an older version wrote the row. */
  process: string | null;
  started_at: number;
  lease_until: number;
  /** How long its lease is; null where an older version wrote the row. */
  lease_ms: number | null;
}

export const createHosts: Migration = {
  name: 'core-003-hosts',
  up: (trx) =>
    createTable(trx, HOSTS, (table) => {
      table.bigIncrements('incarnation');
      table.string('name', 190).notNullable();
      table.integer('pid').notNullable();
      timeColumn(table, 'started_at').notNullable();
      timeColumn(table, 'lease_until').notNullable().index(`${HOSTS}_lease`);
    }),
};

export const addHostProcess: Migration = {
  name: 'core-007-host-process',
  up: (trx) => runSchemaStatement(trx, `ALTER TABLE ${HOSTS} ADD COLUMN process VARCHAR(190)`),
};

export const addLeaseLength: Migration = {
  name: 'core-008-lease-length',
  up: (trx) => runSchemaStatement(trx, `ALTER TABLE ${HOSTS} ADD COLUMN lease_ms BIGINT`),
};

/** Whether some host runs that would take work up. @param nowMs - the shared time */
export async function hasRunningHost(database: Database, nowMs: number): Promise<boolean> {
  const row = await database<HostRow>(HOSTS).where('lease_until', '>', nowMs).first('incarnation');
  return row !== undefined;
}
