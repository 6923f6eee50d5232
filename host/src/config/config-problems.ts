import type { z } from 'zod';
import type { Override } from './environment.js';

/**
 * One line per problem: the key, what is wrong, and the environment variable where one set the key.
 * Values are never repeated: they may be secret.
 */
export function configProblems(error: z.ZodError, overrides: readonly Override[]): string[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => line([...path, key], 'unknown key', overrides));
    return [line(path, issue.message, overrides)];
  });
}

function line(path: readonly string[], wrong: string, overrides: readonly Override[]): string {
  const key = path.join('.');
  const setter = overrides.find(
    ({ path: set }) => isWithin(key, set.join('.')) || isWithin(set.join('.'), key),
  );
  return `${key || '(whole)'}: ${wrong}${setter ? ` (set by ${setter.variable})` : ''}`;
}

const isWithin = (key: string, top: string) => key === top || key.startsWith(`${top}.`);
