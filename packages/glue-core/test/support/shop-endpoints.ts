import { z } from 'zod';
import { coreMigrations } from '../../src/database/core-migrations.js';
import type { Database } from '../../src/database/database.js';
import { migrate } from '../../src/database/migrate.js';
import type { Migration } from '../../src/database/migration.js';
import { addSecretUse, createEndpointSecretTable } from '../../src/endpoint/endpoint-secret-table.js';
import { EndpointStore, type EndpointStoreOptions } from '../../src/endpoint/endpoint-store.js';
import { createEndpointTable } from '../../src/endpoint/endpoint-table.js';
import type { Clock } from '../../src/clock/clock.js';
import type { EndpointSeed } from '../../src/seeds/seed-file.js';
import type { SideName } from '../../src/side/side-name.js';
import { openShop, sameBox } from './shop-connector.js';

/** What the endpoints of a side are configured by, in these tests. */
export const configSchema = z.strictObject({
  mode: z.enum(['open', 'closed']).default('open'),
  limit: z.number().int().optional(),
  note: z.string().optional(),
});
export type Config = z.infer<typeof configSchema>;

const endpointTablesOf = (side: SideName): Migration => ({
  name: `${side}-001-endpoints`,
  up: async (trx) => {
    await createEndpointTable(trx, side);
    await createEndpointSecretTable(trx, side);
    await addSecretUse(trx, side);
  },
});

export async function makeEndpointTables(database: Database): Promise<void> {
  await migrate(database, [...coreMigrations, endpointTablesOf('inbound'), endpointTablesOf('outbound')]);
}

export function endpointStore(
  database: Database,
  clock: Clock,
  side: SideName,
  more: Partial<Pick<EndpointStoreOptions<Config>, 'box' | 'registry' | 'findProblems'>> = {},
): EndpointStore<Config> {
  const { registry } = openShop(database);
  return new EndpointStore({
    ...{ database, side, box: sameBox(), registry, configSchema, now: () => clock.now() },
    ...more,
  });
}

export function endpointSeed(more: Partial<EndpointSeed> & Pick<EndpointSeed, 'id'>): EndpointSeed {
  return { side: 'inbound', state: 'active', config: {}, ...more };
}

/** A row as an operator's own endpoint has it. */
export function ownRow(code: string, more: object = {}) {
  return {
    name: code,
    code,
    suffix: '',
    state: 'draft',
    company: 'default',
    config: '{}',
    version: 1,
    created_at: 0,
    updated_at: 0,
    ...more,
  };
}
