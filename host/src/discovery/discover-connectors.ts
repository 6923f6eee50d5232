import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GlueError, manifestSchema, messageOf, problemsOf } from 'glue-core';
import { z } from 'zod';
import type { Discovery, FoundConnector, UnreadableConnector } from './found-connector.js';
import { distinctFolders, installedPackages, subfolders } from './package-folders.js';

/** What marks a package in `node_modules` as a connector. */
const KEYWORD = 'glue-connector';

export interface DiscoveryPlaces {
  /** `node_modules` is looked for here and further up. */
  readonly baseFolder: string;
  /** Folders that hold connectors, one folder each. */
  readonly folders: readonly string[];
  /** Folders of single connectors. */
  readonly packages: readonly string[];
}

const packageSchema = z.looseObject({
  name: z.string(),
  version: z.string().default('0.0.0'),
  keywords: z.array(z.string()).default([]),
  glue: z.unknown().optional(),
  exports: z.unknown().optional(),
  main: z.unknown().optional(),
});

/** Finds connectors by their package.json. Runs none of their code. */
export async function discoverConnectors(places: DiscoveryPlaces): Promise<Discovery> {
  const named = await distinctFolders(places.packages);
  const workspace = await distinctFolders((await Promise.all(places.folders.map(subfolders))).flat());
  const installed = await distinctFolders(await installedPackages(places.baseFolder));
  const folders = new Set([...named, ...workspace, ...installed]);
  const read = await Promise.all(
    [...folders].map((folder) => readPackage(folder, named.includes(folder), workspace.includes(folder))),
  );
  const results = read.filter((result) => result !== undefined);
  return {
    found: results.filter((result) => 'manifest' in result),
    unreadable: results.filter((result) => 'error' in result),
  };
}

/** @returns undefined for a package that is no connector and was not named as one */
async function readPackage(
  folder: string,
  isNamed: boolean,
  inWorkspace: boolean,
): Promise<FoundConnector | UnreadableConnector | undefined> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => undefined);
  if (text === undefined)
    return isNamed ? unreadable(folder, 'has no package.json that could be read') : undefined;
  // Most packages of node_modules are told apart without parsing.
  if (!isNamed && !text.includes(KEYWORD) && !(inWorkspace && text.includes('"glue"'))) return undefined;

  const parsed = parsePackage(text);
  if (!parsed.success) return unreadable(folder, parsed.wrong);
  const { name, version, keywords, glue, exports, main } = parsed.data;
  const saysSo = keywords.includes(KEYWORD) || (inWorkspace && glue !== undefined);
  if (!isNamed && !saysSo) return undefined;
  const manifest = manifestSchema.safeParse(glue ?? {});
  if (!manifest.success)
    return unreadable(
      folder,
      glue === undefined ? 'has no "glue" key' : 'has a "glue" key that is not valid',
      problemsOf(manifest.error, 'glue'),
      `${name} ${version}`,
    );
  return {
    id: manifest.data.id,
    packageName: name,
    version,
    folder,
    manifest: manifest.data,
    entry: { exports, main },
  };
}

function parsePackage(
  text: string,
): { success: true; data: z.output<typeof packageSchema> } | { success: false; wrong: string } {
  try {
    const parsed = packageSchema.safeParse(JSON.parse(text));
    if (parsed.success) return parsed;
    return { success: false, wrong: `is no package: ${problemsOf(parsed.error).join('; ')}` };
  } catch (error) {
    return { success: false, wrong: `is no JSON: ${messageOf(error)}` };
  }
}

function unreadable(
  folder: string,
  wrong: string,
  problems: readonly string[] = [],
  who = 'the connector',
): UnreadableConnector {
  const file = join(folder, 'package.json');
  return {
    folder,
    error: new GlueError('GLUE_CONNECTOR_MANIFEST', `${who}: ${file} ${wrong}`, { problems }),
  };
}
