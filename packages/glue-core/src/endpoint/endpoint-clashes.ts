import type { Transaction } from '../database/database.js';
import { formatBackendReference } from '../naming/backend-reference.js';
import { endpointTables, type EndpointRow } from './endpoint-table.js';
import type { EndpointOwner, EndpointPlan } from './plan-endpoint.js';

/**
 * Which other endpoints hold the code, path or link that a plan needs.
 * @param existingId - the endpoint that the plan is for, when there is one already
 * @returns one line each, naming both owners
 */
export async function clashesOf(
  trx: Transaction,
  plan: EndpointPlan,
  owner: EndpointOwner,
  existingId: number | undefined,
): Promise<string[]> {
  const { seed, code, path, suffix } = plan;
  const link = owner.backend && { backend_type: owner.backend.type, backend_id: owner.backend.id };
  const others = await trx<EndpointRow>(endpointTables[seed.side])
    .where((any) => {
      void any.where({ code });
      if (path !== undefined) void any.orWhere({ path });
      // One inbound endpoint per backend; many outbound ones, apart by suffix.
      if (link) void any.orWhere(seed.side === 'inbound' ? link : { ...link, suffix });
    })
    .whereNot({ id: existingId ?? 0 });
  const asker = `seed "${seed.seedId}" for ${ownerName(owner)}`;
  return others.map((other) => `${asker} needs ${needed(other)}, which ${holderName(other)} has`);

  function needed(other: EndpointRow): string {
    if (other.code === code) return `the code "${code}"`;
    if (path !== undefined && other.path === path) return `the path "${path}"`;
    return seed.side === 'inbound'
      ? 'the one inbound link of the backend'
      : `the suffix "${suffix}" of the backend`;
  }

  function holderName({ code: taken, backend_type: type, backend_id: id }: EndpointRow): string {
    const link = type === null || id === null ? 'not linked' : `of ${formatBackendReference({ type, id })}`;
    return `${seed.side} endpoint "${taken}" (${link})`;
  }
}

function ownerName({ name, backend }: EndpointOwner): string {
  return backend ? `${formatBackendReference(backend)} "${name}"` : `connector "${name}"`;
}
