import { GlueError, type EndpointStore, type SideName } from 'glue-core';
import type { Installation } from '../installation.js';
import { shownEndpoints, type ShownEndpoint } from './endpoint-rows.js';

/** An endpoint that a command is about, with the store of its side. */
export interface FoundEndpoint extends ShownEndpoint {
  readonly endpoints: EndpointStore;
}

/** The endpoints of a side. @throws GLUE_SIDE_ABSENT */
export function endpointsOf(installation: Installation, side: SideName): EndpointStore {
  const endpoints: EndpointStore | undefined = installation[side]?.endpoints;
  if (endpoints) return endpoints;
  throw new GlueError('GLUE_SIDE_ABSENT', `this host does not have the ${side} side`);
}

/**
 * Finds an endpoint by its code, on both sides unless one is named.
 * @throws GLUE_ENDPOINT_NOT_FOUND; GLUE_ENDPOINT_AMBIGUOUS when both sides have one; GLUE_SIDE_ABSENT
 */
export async function findEndpoint(
  installation: Installation,
  code: string,
  side?: SideName,
): Promise<FoundEndpoint> {
  if (side !== undefined) endpointsOf(installation, side);
  const [found, other] = (await shownEndpoints(installation)).filter(
    (each) => each.endpoint.code === code && (side === undefined || each.side === side),
  );
  if (found && !other) return { ...found, endpoints: endpointsOf(installation, found.side) };
  if (found)
    throw new GlueError(
      'GLUE_ENDPOINT_AMBIGUOUS',
      `both sides have an endpoint "${code}": name one by --side inbound or --side outbound`,
    );
  throw new GlueError(
    'GLUE_ENDPOINT_NOT_FOUND',
    `there is no ${side ?? installation.sides.join(' or ')} endpoint "${code}"`,
  );
}
