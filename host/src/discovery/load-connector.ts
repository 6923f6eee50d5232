import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CONTRACT_VERSION, CORE_COPY, GlueError, messageOf, type Connector } from 'glue-core';
import { z } from 'zod';
import { isMissing } from '../sides/import-sides.js';
import { entryPoint } from './entry-point.js';
import { nameOf, type FoundConnector } from './found-connector.js';

/** How long a connector's module may take to load, in milliseconds. */
const LOAD_TIMEOUT_MS = 15_000;

const definitionSchema = z.object({
  apiVersion: z.number(),
  madeBy: z.symbol(),
  backends: z.array(z.unknown()),
  handlers: z.array(z.unknown()),
});

/**
 * Runs a connector's main module and gives what it defines.
 * @throws GLUE_CONNECTOR_API_VERSION, GLUE_CONNECTOR_LOAD, GLUE_CORE_DUPLICATE, GLUE_CONNECTOR_DEFINITION
 */
export async function loadConnector(found: FoundConnector): Promise<Connector> {
  checkContract(found, found.manifest.apiVersion);
  const exported = await importEntry(found, entryFileOf(found));
  if (isDefinition(exported)) {
    checkContract(found, exported.apiVersion);
    return exported;
  }
  if (definitionSchema.safeParse(exported).success) throw duplicateCore(found);
  throw new GlueError(
    'GLUE_CONNECTOR_DEFINITION',
    `${nameOf(found)} has ${exported === undefined ? 'no default export' : 'a default export that defineConnector did not make'}`,
  );
}

function checkContract(found: FoundConnector, version: number): void {
  if (version === CONTRACT_VERSION) return;
  const wayOut =
    version > CONTRACT_VERSION
      ? `update the host, or install an older ${found.packageName}`
      : `install a newer ${found.packageName}, or an older host`;
  throw new GlueError(
    'GLUE_CONNECTOR_API_VERSION',
    `${nameOf(found)} needs contract ${version}, this host speaks ${CONTRACT_VERSION}: ${wayOut}`,
  );
}

function entryFileOf(found: FoundConnector): string {
  const entry = entryPoint(found.entry);
  if (entry === undefined)
    throw new GlueError(
      'GLUE_CONNECTOR_LOAD',
      `${nameOf(found)} exports no main module ("exports" has no ".")`,
    );
  const file = join(found.folder, entry);
  if (!existsSync(file))
    throw new GlueError('GLUE_CONNECTOR_LOAD', `${nameOf(found)} has no file ${file}: it is not built yet`);
  return file;
}

async function importEntry(found: FoundConnector, file: string): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`it did not finish loading within ${LOAD_TIMEOUT_MS / 1000} s`)),
      LOAD_TIMEOUT_MS,
    );
  });
  try {
    const module: unknown = await Promise.race([import(pathToFileURL(file).href), tooLate]);
    return typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  } catch (error) {
    const absent = ['glue-inbound', 'glue-outbound'].find((side) => isMissing(error, side));
    const what = absent
      ? `needs ${absent}, which is not installed here: npm install ${absent}`
      : `importing ${file} failed: ${messageOf(error)}`;
    throw new GlueError('GLUE_CONNECTOR_LOAD', `${nameOf(found)}: ${what}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/** Made by `defineConnector` of this very copy of glue-core; so its types hold. */
function isDefinition(exported: unknown): exported is Connector {
  const parsed = definitionSchema.safeParse(exported);
  return parsed.success && parsed.data.madeBy === CORE_COPY;
}

function duplicateCore(found: FoundConnector): GlueError {
  return new GlueError(
    'GLUE_CORE_DUPLICATE',
    `${nameOf(found)} uses the glue-core in ${coreSeenFrom(found.folder)}, this host the one in ${coreSeenFrom(import.meta.dirname)}: two copies share no classes`,
  );
}

function coreSeenFrom(folder: string): string {
  try {
    return dirname(createRequire(join(folder, 'package.json')).resolve('glue-core/package.json'));
  } catch {
    return 'a place that cannot be told';
  }
}
