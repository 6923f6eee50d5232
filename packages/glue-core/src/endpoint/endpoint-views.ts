import type { Database } from '../database/database.js';
import type { SideName } from '../side/side-name.js';
import type { EndpointCheck } from './endpoint-check.js';
import type { EndpointView } from './endpoint-record.js';
import { endpointSecretTables, type EndpointSecretRow } from './endpoint-secret-table.js';
import { configOf, endpointOf, endpointTables, type EndpointRow } from './endpoint-table.js';

/** Endpoints as API and CLI show them. */
export class EndpointViews<Config> {
  constructor(
    private readonly options: { readonly database: Database; readonly side: SideName },
    private readonly check: EndpointCheck<Config>,
  ) {}

  /** Those of a filter, the oldest first, each with what is wrong with it. */
  async where(filter: Partial<EndpointRow>): Promise<EndpointView<Config>[]> {
    const { database, side } = this.options;
    const endpoints = () => database<EndpointRow>(endpointTables[side]).where(filter);
    const rows = await endpoints().orderBy('id');
    const secretRows = await database<EndpointSecretRow>(endpointSecretTables[side])
      .whereIn('endpoint_id', endpoints().select('id'))
      .orderBy(['created_at', 'id']);
    const secrets = Map.groupBy(secretRows, ({ endpoint_id }) => endpoint_id);
    return Promise.all(
      rows.map(async (row) => ({
        ...endpointOf(row),
        written: configOf(row),
        ...(await this.check.look({ row, secrets: secrets.get(row.id) ?? [] })),
      })),
    );
  }
}
