import type { Transaction } from '../database/database.js';
import { formatBackendReference } from '../naming/backend-reference.js';
import type { SideName } from '../side/side-name.js';
import { endpointTables, linkOf, type EndpointRow } from './endpoint-table.js';

/** What no two endpoints of a side may share. */
export type EndpointIdentity = Pick<EndpointRow, 'code' | 'path' | 'suffix' | 'backend_type' | 'backend_id'>;

/**
 * Which other endpoints hold the code, path or link that one needs.
 * @param asker - how messages call the one
 * @param ownId - its id, when it is there already
 * @returns one line each, naming both
 */
export async function clashesOf(
  trx: Transaction,
  side: SideName,
  asker: string,
  { code, path, suffix, backend_type, backend_id }: EndpointIdentity,
  ownId: number | undefined,
): Promise<string[]> {
  const link = { backend_type, backend_id };
  const others = await trx<EndpointRow>(endpointTables[side])
    .where((any) => {
      void any.where({ code });
      if (path !== null) void any.orWhere({ path });
      // One inbound endpoint per backend; many outbound ones, apart by suffix.
      if (backend_type !== null) void any.orWhere(side === 'inbound' ? link : { ...link, suffix });
    })
    .whereNot({ id: ownId ?? 0 });
  return others.map((other) => `${asker} needs ${needed(other)}, which ${holderName(side, other)} has`);

  function needed(other: EndpointRow): string {
    if (other.code === code) return `the code "${code}"`;
    if (path !== null && other.path === path) return `the path "${path}"`;
    return side === 'inbound'
      ? 'the one inbound link of the backend'
      : `the suffix "${suffix}" of the backend`;
  }
}

function holderName(side: SideName, row: EndpointRow): string {
  const backend = linkOf(row);
  return `${side} endpoint "${row.code}" (${backend ? `of ${formatBackendReference(backend)}` : 'not linked'})`;
}
