import { GlueError } from 'glue-core';
import type { Discovery, FoundConnector } from './found-connector.js';

/**
 * The one connector of an id that the config enables.
 * @throws GLUE_CONNECTOR_NOT_FOUND, GLUE_CONNECTOR_DUPLICATE, GLUE_CONNECTOR_MANIFEST
 */
export function selectConnector(id: string, { found, unreadable }: Discovery): FoundConnector {
  const [first, ...others] = found.filter((connector) => connector.id === id);
  if (first !== undefined && others.length === 0) return first;
  if (first !== undefined)
    throw new GlueError(
      'GLUE_CONNECTOR_DUPLICATE',
      `connector "${id}" is claimed by ${[first, ...others].map(({ packageName, version, folder }) => `${packageName} ${version} (${folder})`).join(' and ')}`,
    );
  const known = found.map((connector) => connector.id).join(', ') || 'none';
  throw new GlueError(
    'GLUE_CONNECTOR_NOT_FOUND',
    `the config enables the connector "${id}", which was not discovered (found: ${known})`,
    { problems: unreadable.flatMap(({ error }) => [error.message, ...error.problems]) },
  );
}
