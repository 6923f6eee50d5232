import type { Environment } from './environment.js';

/** A value with its `${…}` replaced, and what could not be. */
export interface Substituted {
  readonly value: unknown;
  /** `key: what is wrong`, one line each. */
  readonly problems: readonly string[];
}

/** `${NAME}` or `${NAME:-default}`; `$${` stands for a plain `${`. */
const PLACEHOLDER = /\$\$\{|\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/**
 * Replaces `${NAME}` in every text of a config by the environment variable, and `${NAME:-default}` by the default
 * where the variable is not set or empty. Pure.
 */
export function substitute(value: unknown, environment: Environment, path = ''): Substituted {
  if (typeof value === 'string') return substituteText(value, environment, path);
  if (Array.isArray(value)) {
    const items = value.map((item, index) => substitute(item, environment, join(path, String(index))));
    return { value: items.map((item) => item.value), problems: items.flatMap(({ problems }) => problems) };
  }
  if (typeof value !== 'object' || value === null) return { value, problems: [] };
  const entries = Object.entries(value).map(
    ([key, each]) => [key, substitute(each, environment, join(path, key))] as const,
  );
  return {
    value: Object.fromEntries(entries.map(([key, each]) => [key, each.value])),
    problems: entries.flatMap(([, { problems }]) => problems),
  };
}

function substituteText(text: string, environment: Environment, path: string): Substituted {
  const problems: string[] = [];
  const value = text.replace(PLACEHOLDER, (whole, name: string | undefined, fallback: string | undefined) => {
    if (name === undefined) return '${';
    const found = environment[name];
    if (found !== undefined && (found !== '' || fallback === undefined)) return found;
    if (fallback !== undefined) return fallback;
    problems.push(
      `${path}: the environment variable ${name} is not set (\${${name}:-} would stand for nothing)`,
    );
    return whole;
  });
  return { value, problems };
}

const join = (path: string, key: string) => (path === '' ? key : `${path}.${key}`);
