import type { Transaction } from '../database/database.js';
import type { BackendReference } from '../naming/backend-reference.js';
import { sideNameSchema, type SideName } from '../side/side-name.js';
import { endpointTables, type EndpointRow } from './endpoint-table.js';

export interface LinkedEndpoint extends Pick<EndpointRow, 'code' | 'company'> {
  readonly side: SideName;
}

/** The endpoints of both sides that are linked to a backend, whether or not their side is installed now. */
export async function linkedEndpoints(
  trx: Transaction,
  { type, id }: BackendReference,
): Promise<LinkedEndpoint[]> {
  const found: LinkedEndpoint[] = [];
  for (const side of sideNameSchema.options) {
    if (!(await trx.schema.hasTable(endpointTables[side]))) continue;
    const rows = await trx<EndpointRow>(endpointTables[side])
      .where({ backend_type: type, backend_id: id })
      .select('code', 'company');
    found.push(...rows.map((row) => ({ side, ...row })));
  }
  return found;
}
