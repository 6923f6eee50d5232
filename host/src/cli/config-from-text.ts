import { readFileSync } from 'node:fs';
import { GlueError, messageOf } from 'glue-core';
import { z } from 'zod';
import { jsonOrText, keyValue, setValue } from './key-value.js';

type Config = Readonly<Record<string, unknown>>;

/** How a configuration is given on the command line. */
export interface ConfigOptions {
  /** A JSON file that holds keys of it. */
  readonly file?: string;
  /** `key=value`, or `key.below=value`; go before the file. */
  readonly set: readonly string[];
}

/**
 * Reads what is given of a configuration. A value is JSON where it is any, else text. A `key.below` changes that part
 * of its key only, so it starts from what is written.
 * @param written - the configuration as it is
 * @returns the keys that are given, whole
 * @throws GLUE_ENDPOINT_INVALID for what cannot be read
 */
export function configFromText({ file, set }: ConfigOptions, written: Config = {}): Config {
  const given: Record<string, unknown> = file === undefined ? {} : readConfigFile(file);
  for (const pair of set) {
    const parts = keyValue(pair);
    if (!parts) throw new GlueError('GLUE_ENDPOINT_INVALID', `--set ${pair} is no key=value`);
    const [key = '', ...below] = parts.key.split('.');
    const value = jsonOrText(parts.text);
    if (below.length === 0) given[key] = value;
    else {
      given[key] = withPart(given[key] ?? written[key], below, value);
    }
  }
  return given;
}

/** `null` takes the part out, as it does with a whole key. */
function withPart(present: unknown, path: readonly string[], value: unknown): unknown {
  const whole: unknown = typeof present === 'object' && present !== null ? structuredClone(present) : {};
  setValue(whole, path, value === null ? undefined : value);
  return JSON.parse(JSON.stringify(whole));
}

function readConfigFile(file: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch (error) {
    const why = error instanceof z.ZodError ? 'it holds no JSON object' : messageOf(error);
    throw new GlueError('GLUE_ENDPOINT_INVALID', `--file ${file} cannot be read: ${why}`, { cause: error });
  }
}
