import { createTable, keyColumn, longTextColumn, timeColumn } from '../database/columns.js';
import type { Database, Transaction } from '../database/database.js';
import type { Migration } from '../database/migration.js';
import { GlueError } from '../errors/glue-error.js';
import { formatBackendReference, type BackendReference } from '../naming/backend-reference.js';

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

/** The row of a backend that nobody changes until the transaction ends; others may hold it too. @throws GLUE_BACKEND_NOT_FOUND */
export async function holdBackend(trx: Transaction, { type, id }: BackendReference): Promise<BackendRow> {
  const row = await trx<BackendRow>(BACKENDS).where({ type, id }).forShare().first();
  if (row) return row;
  throw backendNotFound({ type, id });
}

export function backendNotFound(reference: BackendReference): GlueError {
  return new GlueError('GLUE_BACKEND_NOT_FOUND', `there is no backend ${formatBackendReference(reference)}`);
}

/**
 * Whether there is any backend record, and so perhaps a secret that only the present key opens. There is none before
 * the database is migrated for the first time.
 */
export async function hasBackends(database: Database): Promise<boolean> {
  if (!(await database.schema.hasTable(BACKENDS))) return false;
  return (await database<BackendRow>(BACKENDS).first('id')) !== undefined;
}
