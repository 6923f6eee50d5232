import type { Database, Transaction } from '../database/database.js';
import { createTable, keyColumn, longTextColumn, timeColumn } from '../database/columns.js';
import { GlueError } from '../errors/glue-error.js';
import type { BackendReference } from '../naming/backend-reference.js';
import type { Fields } from '../seeds/merge-fields.js';
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

/** @throws GLUE_ENDPOINT_NOT_FOUND */
export async function findEndpoint(database: Database, side: SideName, code: string): Promise<EndpointRow> {
  return known(await database<EndpointRow>(endpointTables[side]).where({ code }).first(), side, code);
}

/** The row of an endpoint that nobody else changes until the transaction ends. @throws GLUE_ENDPOINT_NOT_FOUND */
export async function lockEndpoint(trx: Transaction, side: SideName, code: string): Promise<EndpointRow> {
  return known(await trx<EndpointRow>(endpointTables[side]).where({ code }).forUpdate().first(), side, code);
}

function known(row: EndpointRow | undefined, side: SideName, code: string): EndpointRow {
  if (row) return row;
  throw new GlueError('GLUE_ENDPOINT_NOT_FOUND', `there is no ${side} endpoint "${code}"`);
}

/** The backend that an endpoint is linked to. */
export function linkOf(row: Pick<EndpointRow, 'backend_type' | 'backend_id'>): BackendReference | undefined {
  const { backend_type: type, backend_id: id } = row;
  return type === null || id === null ? undefined : { type, id };
}

/** The configuration as it was written, without defaults. */
export function configOf({ config }: Pick<EndpointRow, 'config'>): Fields {
  return JSON.parse(config) as Fields;
}

/** The record of a row, its configuration as stored. */
export function endpointOf(row: EndpointRow): EndpointRecord {
  const backend = linkOf(row);
  return {
    id: row.id,
    name: row.name,
    code: row.code,
    suffix: row.suffix,
    state: row.state,
    ...(row.reason !== null && { reason: row.reason }),
    company: row.company,
    ...(row.handler !== null && { handler: row.handler }),
    ...(backend && { backend }),
    ...(row.path !== null && { path: row.path }),
    ...(row.seed_id !== null && { seedId: row.seed_id }),
    config: configOf(row),
    version: row.version,
  };
}
