import { secretUses, type EndpointSecret, type SecretUse } from '../endpoint/endpoint-secret.js';
import type { EndpointStore } from '../endpoint/endpoint-store.js';
import type { EndpointView } from '../endpoint/endpoint-record.js';
import { GlueError } from '../errors/glue-error.js';
import { seedId } from '../seeds/seed-file.js';
import type { Foundation } from './foundation.js';
import type { SecretsByUse } from './own-connector.js';

const ACTOR = 'app';
/** How long the secrets of the same use that were there still count, in milliseconds. */
const OVERLAP_MS = 24 * 3_600_000;

/**
 * Gives endpoints that stand alone the secrets that their app brings along. Done again it changes nothing. Those for
 * endpoints of a side that is not mounted here are left to it.
 * @throws GLUE_ENDPOINT_NOT_FOUND when no seed has the id; GLUE_ENDPOINT_INVALID for a secret that is none
 */
export async function applyOwnSecrets(
  endpoints: EndpointStore,
  { connectors, leftOut }: Pick<Foundation, 'connectors' | 'leftOut'>,
): Promise<void> {
  const views = await endpoints.list();
  const known = await endpoints.secrets.openAll();
  const brought = connectors.flatMap(({ id: connector, secrets = {} }) =>
    Object.entries(secrets).map(([id, given]) => ({ connector, id, given })),
  );
  for (const { connector, id, given } of brought) {
    if (leftOut.has(seedId(connector, id))) continue;
    refuseUnset(given, connector, id);
    const endpoint = findOwn(views, connector, id);
    const present = known.get(endpoint.id) ?? [];
    for (const secret of secretsOf(given)) {
      if (present.some((each) => isSame(each, secret))) continue;
      await endpoints.secrets.rotate(endpoint.code, { ...secret, overlapMs: OVERLAP_MS }, ACTOR);
    }
  }
}

interface Brought {
  readonly value: string;
  readonly usedFor?: SecretUse;
}

function secretsOf(given: string | SecretsByUse): Brought[] {
  if (typeof given === 'string') return [{ value: given }];
  const { signing, ...others } = given;
  return [
    ...(signing === undefined ? [] : [{ value: signing }]),
    ...secretUses.flatMap((usedFor) => {
      const value = others[usedFor];
      return value === undefined ? [] : [{ value, usedFor }];
    }),
  ];
}

/** Types do not keep an environment variable from being unset; a new secret would be made up then, at each start. */
function refuseUnset(given: string | SecretsByUse | undefined, connector: string, id: string): void {
  const values: unknown[] = typeof given === 'object' ? Object.values(given) : [given];
  if (values.length > 0 && values.every((value) => typeof value === 'string' && value !== '')) return;
  throw new GlueError(
    'GLUE_ENDPOINT_INVALID',
    `connector "${connector}" brings a secret without a value for the endpoint "${id}": is its variable set?`,
  );
}

function isSame({ value, usedFor, notAfter }: EndpointSecret, secret: Brought): boolean {
  return value === secret.value && usedFor === secret.usedFor && notAfter === undefined;
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
