import type { EndpointStore } from '../endpoint/endpoint-store.js';
import { WAS_NOT_COMPLETE } from '../endpoint/seeded-endpoints.js';
import type { SeedCatalog } from '../seeds/seed-catalog.js';

/**
 * Activates what the seeds of an app say is active, and was made a draft since something was missing then (a secret, an
 * address): whatever has come since, at this start or by hand. What a person made a draft stays one.
 */
export async function activateWaiting(
  endpoints: EndpointStore,
  catalog: Pick<SeedCatalog, 'standalone'>,
): Promise<void> {
  const own = new Set(catalog.standalone().map(({ seedId }) => seedId));
  for (const { code, state, reason, seedId, backend, problems } of await endpoints.list()) {
    const isOwn = backend === undefined && seedId !== undefined && own.has(seedId);
    const waits = state === 'draft' && reason === WAS_NOT_COMPLETE;
    if (isOwn && waits && problems.length === 0) await endpoints.setState(code, 'active', 'app');
  }
}
