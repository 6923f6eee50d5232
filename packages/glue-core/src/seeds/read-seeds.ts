import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { GlueError, messageOf } from '../errors/glue-error.js';
import { problemsOf } from '../validation/problems.js';
import { endpointFileSchema, handlerFileSchema, type ConnectorSeeds } from './seed-file.js';

/**
 * Reads `endpoints.json` and `handlers.json` of a connector's seed folder; a file that is absent offers nothing.
 * @throws GLUE_SEED_INVALID with every problem of a file, GLUE_SEED_DUPLICATE
 */
export async function readSeeds(connector: string, folder: string): Promise<ConnectorSeeds> {
  const { endpoints } = (await readSeedFile(
    connector,
    join(folder, 'endpoints.json'),
    endpointFileSchema,
  )) ?? { endpoints: [] };
  const { handlers } = (await readSeedFile(connector, join(folder, 'handlers.json'), handlerFileSchema)) ?? {
    handlers: [],
  };
  refuseDuplicates(connector, 'endpoints.json', endpoints);
  refuseDuplicates(connector, 'handlers.json', handlers);
  return { connector, endpoints, handlers };
}

async function readSeedFile<Schema extends z.ZodType>(
  connector: string,
  file: string,
  schema: Schema,
): Promise<z.infer<Schema> | undefined> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw new GlueError('GLUE_SEED_INVALID', `connector "${connector}": ${file} cannot be read`, {
      cause: error,
    });
  });
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new GlueError(
      'GLUE_SEED_INVALID',
      `connector "${connector}": ${file} is no JSON: ${messageOf(error)}`,
      { cause: error },
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new GlueError('GLUE_SEED_INVALID', `connector "${connector}": ${file} is not valid`, {
    problems: problemsOf(parsed.error),
  });
}

function refuseDuplicates(connector: string, file: string, records: readonly { id: string }[]): void {
  const seen = new Set<string>();
  for (const { id } of records) {
    if (seen.has(id))
      throw new GlueError(
        'GLUE_SEED_DUPLICATE',
        `connector "${connector}": ${file} has two records with the id "${id}"`,
      );
    seen.add(id);
  }
}
