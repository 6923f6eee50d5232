import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GlueError } from 'glue-core';
import { nameOf, type FoundConnector } from './found-connector.js';

/** A sample event that a connector ships: the bytes as its provider would send them. */
export interface Sample {
  /** Name of the file without its ending, by custom the event's type. */
  readonly event: string;
  readonly body: Buffer;
  /** The events of all samples. */
  readonly all: readonly string[];
}

/**
 * Reads a sample from the `samples` folder of a connector's package.
 * @param event - @defaultValue the first by name
 * @throws GLUE_SAMPLE_NOT_FOUND naming those that there are
 */
export async function readSample(found: FoundConnector, event?: string): Promise<Sample> {
  const folder = join(found.folder, 'samples');
  const files = await readdir(folder).catch(() => []);
  const all = files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -'.json'.length))
    .sort();
  const wanted = event ?? all[0];
  if (wanted === undefined || !all.includes(wanted))
    throw new GlueError(
      'GLUE_SAMPLE_NOT_FOUND',
      `${nameOf(found)} ships no sample${wanted === undefined ? '' : ` "${wanted}"`} (there are: ${all.join(', ') || 'none'})`,
    );
  return { event: wanted, body: await readFile(join(folder, `${wanted}.json`)), all };
}
