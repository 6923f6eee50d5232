import { dirname, join, resolve } from 'node:path';
import { cosmiconfig, defaultLoaders } from 'cosmiconfig';
import { GlueError, messageOf, type DatabaseConfig } from 'glue-core';
import { parse as parseYaml } from 'yaml';
import { configProblems } from './config-problems.js';
import {
  configSchemaWith,
  DEFAULT_DATA_FOLDER,
  type HostConfig,
  type SideSections,
} from './config-schema.js';
import { overridesOf, type Environment, type Override } from './environment.js';
import { substitute } from './substitute.js';

const FILE_NAMES = ['yaml', 'yml', 'json', 'ts', 'js'].map((ending) => `glue.config.${ending}`);

export interface LoadConfigOptions extends SideSections {
  /** The config file. @defaultValue the first `glue.config.{yaml,yml,json,ts,js}` of the folder */
  readonly file?: string;
  /** Where to look. @defaultValue the working directory */
  readonly folder?: string;
  readonly environment: Environment;
}

export interface ParseConfigOptions extends SideSections {
  /** What relative paths count from. */
  readonly baseFolder: string;
  readonly file?: string;
  readonly environment: Environment;
}

/**
 * Reads the configuration file and what the environment adds to it.
 * @throws GLUE_CONFIG_NOT_FOUND, GLUE_CONFIG_INVALID with every problem
 */
export async function loadConfig(options: LoadConfigOptions): Promise<HostConfig> {
  const folder = resolve(options.folder ?? '.');
  const { file, content } = await readConfigFile(folder, options.file);
  return parseConfig(content, { ...options, file, baseFolder: dirname(file) });
}

/**
 * Makes a configuration of what a file, or an embedding program, says: `${NAME}` is replaced, `GLUE_…` variables
 * go before, defaults fill in, and paths become absolute.
 * @throws GLUE_CONFIG_INVALID with every problem
 */
export function parseConfig(content: unknown, options: ParseConfigOptions): HostConfig {
  const { baseFolder, file, environment } = options;
  if (!isRecord(content))
    throw new GlueError('GLUE_CONFIG_INVALID', `${file ?? 'the configuration'} holds no keys`);

  const schema = configSchemaWith(options);
  const overrides = overridesOf(environment, Object.keys(schema.shape));
  const substituted = substitute(content, environment);
  const wanted = withDatabase(overridden(substituted.value, overrides));
  const parsed = schema.safeParse(wanted);
  const problems = [
    ...substituted.problems,
    ...(parsed.success ? [] : configProblems(parsed.error, overrides)),
  ];
  if (problems.length > 0 || !parsed.success) {
    const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
    throw new GlueError('GLUE_CONFIG_INVALID', `${file ?? 'the configuration'} has ${count}`, { problems });
  }
  return withAbsolutePaths(parsed.data, baseFolder, file);
}

async function readConfigFile(
  folder: string,
  named: string | undefined,
): Promise<{ file: string; content: unknown }> {
  const explorer = cosmiconfig('glue', {
    searchPlaces: FILE_NAMES,
    searchStrategy: 'none',
    ignoreEmptySearchPlaces: false,
    cache: false,
    loaders: { ...defaultLoaders, '.yaml': readYaml, '.yml': readYaml },
  });
  try {
    const found = await (named === undefined
      ? explorer.search(folder)
      : explorer.load(resolve(folder, named)));
    if (found) return { file: found.filepath, content: found.config ?? {} };
  } catch (error) {
    if (isRecord(error) && error['code'] === 'ENOENT' && named !== undefined)
      throw new GlueError('GLUE_CONFIG_NOT_FOUND', `there is no file ${resolve(folder, named)}`);
    const file =
      isRecord(error) && typeof error['filepath'] === 'string' ? error['filepath'] : (named ?? folder);
    throw new GlueError('GLUE_CONFIG_INVALID', `${file} cannot be read: ${messageOf(error)}`, {
      cause: error,
    });
  }
  throw new GlueError('GLUE_CONFIG_NOT_FOUND', `there is no ${FILE_NAMES.join(', ')} in ${folder}`);
}

/** A file of comments only is empty, not missing. */
function readYaml(_file: string, text: string): unknown {
  return parseYaml(text) ?? {};
}

/** Sets each key that the environment names; makes the way to it where it is missing. */
function overridden(content: unknown, overrides: readonly Override[]): Record<string, unknown> {
  const result: Record<string, unknown> = isRecord(content) ? structuredClone(content) : {};
  for (const { path, value } of overrides) {
    let place = result;
    for (const key of path.slice(0, -1)) {
      const next = Object.hasOwn(place, key) ? place[key] : undefined;
      const inner = isRecord(next) ? next : {};
      place[key] = inner;
      place = inner;
    }
    const last = path.at(-1);
    if (last !== undefined) place[last] = value;
  }
  return result;
}

/** Without a word about the database it is SQLite, and SQLite without a file is `glue.db` in the data folder. */
function withDatabase(content: Record<string, unknown>): Record<string, unknown> {
  const database = content['database'] ?? { client: 'sqlite' };
  if (!isRecord(database) || database['client'] !== 'sqlite' || database['file'] !== undefined)
    return { ...content, database };
  const { dataFolder } = content;
  const folder = typeof dataFolder === 'string' ? dataFolder : DEFAULT_DATA_FOLDER;
  return { ...content, database: { ...database, file: join(folder, 'glue.db') } };
}

function withAbsolutePaths(
  config: Omit<HostConfig, 'baseFolder' | 'file'>,
  baseFolder: string,
  file: string | undefined,
): HostConfig {
  const absolute = (path: string) => resolve(baseFolder, path);
  const { database, connectors } = config;
  return {
    ...config,
    baseFolder,
    ...(file !== undefined && { file }),
    dataFolder: absolute(config.dataFolder),
    database: withAbsoluteFiles(database, absolute),
    connectors: {
      ...connectors,
      folders: connectors.folders.map(absolute),
      packages: connectors.packages.map(absolute),
    },
  };
}

function withAbsoluteFiles(database: DatabaseConfig, absolute: (path: string) => string): DatabaseConfig {
  if (database.client === 'sqlite') return { ...database, file: absolute(database.file) };
  if (typeof database.tls === 'boolean') return database;
  return { ...database, tls: { caFile: absolute(database.tls.caFile) } };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
