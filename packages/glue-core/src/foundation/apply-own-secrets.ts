import type { EndpointStore } from '../endpoint/endpoint-store.js';
import type { EndpointView } from '../endpoint/endpoint-record.js';
import { GlueError } from '../errors/glue-error.js';
import { seedId } from '../seeds/seed-file.js';
import type { Foundation } from './foundation.js';

const ACTOR = 'app';
/** How long the secrets that were there still count, in milliseconds. */
const OVERLAP_MS = 24 * 3_600_000;

/**
 * Gives endpoints that stand alone the secrets that their app brings along; an endpoint that waited for its first one
 * becomes active. Done again it changes nothing. Those for endpoints of a side that is not mounted here are left to it.
 * @throws GLUE_ENDPOINT_NOT_FOUND when no seed has the id; GLUE_ENDPOINT_INCOMPLETE when more is missing
 */
export async function applyOwnSecrets(
  endpoints: EndpointStore,
  { connectors, leftOut }: Pick<Foundation, 'connectors' | 'leftOut'>,
): Promise<void> {
  const views = await endpoints.list();
  const known = await endpoints.secrets.openAll();
  const brought = connectors.flatMap(({ id: connector, secrets = {} }) =>
    Object.entries(secrets).map(([id, value]) => ({ connector, id, value })),
  );
  for (const { connector, id, value } of brought) {
    if (leftOut.has(seedId(connector, id))) continue;
    const endpoint = findOwn(views, connector, id);
    const present = known.get(endpoint.id) ?? [];
    if (present.some((secret) => secret.value === value && secret.notAfter === undefined)) continue;
    await endpoints.secrets.rotate(endpoint.code, { value, overlapMs: OVERLAP_MS }, ACTOR);
    if (present.length === 0 && endpoint.state === 'draft')
      await endpoints.setState(endpoint.code, 'active', ACTOR);
  }
}

function findOwn(views: readonly EndpointView[], connector: string, id: string): EndpointView {
  const seed = seedId(connector, id);
  const own = views.find((view) => view.seedId === seed && view.backend === undefined);
  if (own) return own;
  throw new GlueError(
    'GLUE_ENDPOINT_NOT_FOUND',
    `connector "${connector}" brings a secret for the endpoint "${id}", but its seeds offer none of that id that stands alone`,
  );
}
