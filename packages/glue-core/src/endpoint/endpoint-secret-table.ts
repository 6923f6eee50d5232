import {
  createTable,
  idColumn,
  longTextColumn,
  runSchemaStatement,
  timeColumn,
} from '../database/columns.js';
import type { Database, Transaction } from '../database/database.js';
import type { SideName } from '../side/side-name.js';
import {
  isLiveSecret,
  type EndpointSecretView,
  type SecretUse,
  type SecretWindow,
} from './endpoint-secret.js';

export const endpointSecretTables = {
  inbound: 'glue_inbound_secrets',
  outbound: 'glue_outbound_secrets',
} as const;

export interface EndpointSecretRow {
  id: string;
  endpoint_id: number;
  sealed: string;
  last_four: string;
  used_for: SecretUse | null;
  not_before: number | null;
  not_after: number | null;
  created_at: number;
}

/** Makes the table of a side for its endpoints' own secrets: any number for each, with the time when each counts. */
export async function createEndpointSecretTable(trx: Transaction, side: SideName): Promise<void> {
  const name = endpointSecretTables[side];
  await createTable(trx, name, (table) => {
    idColumn(table, 'id').primary();
    table.integer('endpoint_id').unsigned().notNullable();
    longTextColumn(table, 'sealed').notNullable();
    table.string('last_four', 4).notNullable();
    timeColumn(table, 'not_before');
    timeColumn(table, 'not_after');
    timeColumn(table, 'created_at').notNullable();
    table.index(['endpoint_id'], `${name}_endpoint`);
  });
}

/** Tells apart what secrets are for. */
export async function addSecretUse(trx: Transaction, side: SideName): Promise<void> {
  await runSchemaStatement(trx, `ALTER TABLE ${endpointSecretTables[side]} ADD COLUMN used_for VARCHAR(32)`);
}

/** The secrets of one endpoint, the oldest first. */
export function secretRowsOf(
  database: Database | Transaction,
  side: SideName,
  endpointId: number,
): Promise<EndpointSecretRow[]> {
  return database<EndpointSecretRow>(endpointSecretTables[side])
    .where({ endpoint_id: endpointId })
    .orderBy(['created_at', 'id']);
}

/** Whether any endpoint has a secret of its own. A side that was never installed has no table. */
export async function hasEndpointSecrets(database: Database): Promise<boolean> {
  for (const table of Object.values(endpointSecretTables)) {
    if (!(await database.schema.hasTable(table))) continue;
    if ((await database<EndpointSecretRow>(table).first('id')) !== undefined) return true;
  }
  return false;
}

export function windowOf({ not_before, not_after }: EndpointSecretRow): SecretWindow {
  return {
    ...(not_before !== null && { notBefore: not_before }),
    ...(not_after !== null && { notAfter: not_after }),
  };
}

/** What a secret is for, where it is said. */
export function useOf({ used_for }: EndpointSecretRow): { usedFor?: SecretUse } {
  return used_for === null ? {} : { usedFor: used_for };
}

export function viewOf(row: EndpointSecretRow, nowMs: number): EndpointSecretView {
  const window = windowOf(row);
  return {
    id: row.id,
    ...useOf(row),
    createdAt: row.created_at,
    ...window,
    live: isLiveSecret(window, nowMs),
    lastFour: row.last_four,
  };
}
