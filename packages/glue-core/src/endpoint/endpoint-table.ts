import type { Transaction } from '../database/database.js';
import { createTable, keyColumn, longTextColumn, timeColumn } from '../database/columns.js';
import type { SideName } from '../side/side-name.js';
import type { EndpointRecord, EndpointState } from './endpoint-record.js';

export const endpointTables = {
  inbound: 'glue_inbound_endpoints',
  outbound: 'glue_outbound_endpoints',
} as const;

export interface EndpointRow {
  id: number;
  name: string;
  code: string;
  suffix: string;
  state: EndpointState;
  reason: string | null;
  company: string;
  handler: string | null;
  backend_type: string | null;
  backend_id: number | null;
  path: string | null;
  seed_id: string | null;
  seed_fields: string | null;
  config: string;
  version: number;
  created_at: number;
  updated_at: number;
}

/** Makes the endpoint table of a side. Inbound: one endpoint per backend. Outbound: many, unique by suffix. */
export async function createEndpointTable(trx: Transaction, side: SideName): Promise<void> {
  const name = endpointTables[side];
  await createTable(trx, name, (table) => {
    table.increments('id');
    table.string('name', 255).notNullable();
    keyColumn(table, 'code').notNullable();
    keyColumn(table, 'suffix').notNullable();
    table.string('state', 16).notNullable();
    table.string('reason', 255);
    keyColumn(table, 'company', 64).notNullable();
    keyColumn(table, 'handler');
    keyColumn(table, 'backend_type', 64);
    table.integer('backend_id').unsigned();
    keyColumn(table, 'path', 128);
    keyColumn(table, 'seed_id');
    longTextColumn(table, 'seed_fields');
    longTextColumn(table, 'config').notNullable();
    table.integer('version').unsigned().notNullable();
    timeColumn(table, 'created_at').notNullable();
    timeColumn(table, 'updated_at').notNullable();
    table.unique(['code'], { indexName: `${name}_code` });
    if (side === 'inbound') {
      table.unique(['path'], { indexName: `${name}_path` });
      table.unique(['backend_type', 'backend_id'], { indexName: `${name}_link` });
    } else {
      table.unique(['backend_type', 'backend_id', 'suffix'], { indexName: `${name}_link` });
    }
  });
}

/** The record of a row, its configuration as stored. */
export function endpointOf(row: EndpointRow): EndpointRecord {
  return {
    id: row.id,
    name: row.name,
    code: row.code,
    suffix: row.suffix,
    state: row.state,
    ...(row.reason !== null && { reason: row.reason }),
    company: row.company,
    ...(row.handler !== null && { handler: row.handler }),
    ...(row.backend_type !== null &&
      row.backend_id !== null && { backend: { type: row.backend_type, id: row.backend_id } }),
    ...(row.path !== null && { path: row.path }),
    ...(row.seed_id !== null && { seedId: row.seed_id }),
    config: JSON.parse(row.config) as unknown,
    version: row.version,
  };
}
