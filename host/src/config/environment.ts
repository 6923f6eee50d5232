/** Environment variables, as one reading of them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A config key that an environment variable sets. */
export interface Override {
  readonly variable: string;
  /** From the top, e.g. `['host', 'port']`. */
  readonly path: readonly string[];
  readonly value: unknown;
}

/** Variables that start with `GLUE_` and set no config key. */
const OTHER_VARIABLES = /^GLUE_(?:SECRET_KEY$|TEST_)/;

/** The environment of this process. The only place that reads `process.env`. */
export function systemEnvironment(): Environment {
  return { ...process.env };
}

/**
 * The config keys that the environment sets: `GLUE_HOST__PORT=8080` sets `host.port`, `GLUE_DATA_FOLDER=/data` sets
 * `dataFolder`. `__` parts the keys, `_` the words of a key. A value that is JSON is taken as such, anything else as text.
 *
 * A variable without `__` counts only if it names a top-level key: Kubernetes puts `GLUE_PORT` and the like into
 * every container beside a service named "glue".
 */
export function overridesOf(environment: Environment, topLevelKeys: readonly string[]): Override[] {
  return Object.entries(environment).flatMap(([variable, text]) => {
    if (text === undefined || !variable.startsWith('GLUE_') || OTHER_VARIABLES.test(variable)) return [];
    const path = variable.slice('GLUE_'.length).split('__').map(camelCase);
    const [top = ''] = path;
    if (path.length === 1 && !topLevelKeys.includes(top)) return [];
    return [{ variable, path, value: jsonOrText(text) }];
  });
}

/** `PUBLIC_URL` → `publicUrl`. */
function camelCase(words: string): string {
  return words.toLowerCase().replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
