import { createTable, keyColumn, longTextColumn, timeColumn } from '../database/columns.js';
import type { Database } from '../database/database.js';
import type { Migration } from '../database/migration.js';

export const BACKENDS = 'glue_backends';

export interface BackendRow {
  id: number;
  type: string;
  code: string;
  name: string;
  company: string;
  active: number | boolean;
  settings: string;
  version: number;
  created_at: number;
  updated_at: number;
}

export const createBackends: Migration = {
  name: 'core-001-backends',
  up: (trx) =>
    createTable(trx, BACKENDS, (table) => {
      table.increments('id');
      keyColumn(table, 'type', 64).notNullable();
      keyColumn(table, 'code', 128).notNullable();
      table.string('name', 190).notNullable();
      keyColumn(table, 'company', 64).notNullable();
      table.boolean('active').notNullable();
      longTextColumn(table, 'settings').notNullable();
      table.integer('version').unsigned().notNullable();
      timeColumn(table, 'created_at').notNullable();
      timeColumn(table, 'updated_at').notNullable();
      table.unique(['type', 'company', 'code'], { indexName: `${BACKENDS}_code` });
    }),
};

/** Whether there is any backend record, and so perhaps a secret that only the present key opens. */
export async function hasBackends(database: Database): Promise<boolean> {
  return (await database<BackendRow>(BACKENDS).first('id')) !== undefined;
}
