import type { Migration } from '../database/migration.js';
import { createTable, timeColumn } from '../database/columns.js';

/** One row per host incarnation that holds, or held, a lease. */
export const HOSTS = 'glue_hosts';

export interface HostRow {
  incarnation: number;
  name: string;
  pid: number;
  started_at: number;
  lease_until: number;
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
