import { z } from 'zod';
import { lastFourOf } from '../crypto/last-four.js';
import type { SecretBox } from '../crypto/secret-box.js';
import { GlueError } from '../errors/glue-error.js';
import { problemsOf } from '../validation/problems.js';
import type { BackendClass } from './backend-class.js';
import type { SecretView } from './backend-record.js';
import { changeSecretPlaces } from './secret-setting.js';

/** A secret as it lies in the database. */
const sealedSchema = z.strictObject({ $sealed: z.string(), lastFour: z.string() });
const storedSchema = z.record(z.string(), z.unknown());

/** Secrets shorter than this show no characters at all. */
const MIN_LENGTH_TO_SHOW = 12;

/** Validates settings by the class's schema. @throws GLUE_BACKEND_INVALID with every problem */
export function parseSettings(
  { type, settings }: BackendClass,
  input: unknown,
  who: string,
): Record<string, unknown> {
  const parsed = settings.safeParse(input);
  if (parsed.success) return parsed.data;
  const problems = problemsOf(parsed.error, 'settings');
  throw new GlueError('GLUE_BACKEND_INVALID', `settings of ${who} (type ${type}) are not valid`, {
    problems,
  });
}

/**
 * Turns validated settings into what is stored: secrets encrypted, everything else as it is.
 * @throws GLUE_CONNECTOR_DEFINITION when the schema turned a secret into something else than text
 */
export function sealSettings(
  settings: Readonly<Record<string, unknown>>,
  secrets: readonly string[],
  box: SecretBox,
  id: number,
): string {
  const sealed: Record<string, unknown> = { ...settings };
  for (const name of secrets) {
    const value = settings[name];
    if (value === undefined || value === null) continue;
    sealed[name] = changeSecretPlaces(value, (text) => {
      if (typeof text === 'string')
        return { $sealed: box.seal(text, place(id, name)), lastFour: shownEndOf(text) };
      throw new GlueError(
        'GLUE_CONNECTOR_DEFINITION',
        `the secret setting "${name}" is no text, and no list of texts, once validated; it cannot be stored encrypted`,
      );
    });
  }
  return JSON.stringify(sealed);
}

/**
 * The stored settings in clear.
 * @param except - names of settings that are not needed; their secrets need not open
 * @throws GLUE_SECRET_KEY_MISSING
 */
export function openSettings(
  stored: string,
  box: SecretBox,
  id: number,
  except: readonly string[] = [],
): Record<string, unknown> {
  const needed = storedSettings(stored).filter(([name]) => !except.includes(name));
  return Object.fromEntries(
    needed.map(([name, value]) => {
      const open = (found: unknown): unknown => {
        const sealed = sealedSchema.safeParse(found);
        return sealed.success ? box.open(sealed.data.$sealed, place(id, name)) : found;
      };
      return [name, changeSecretPlaces(value, open)];
    }),
  );
}

/**
 * The stored settings for people: secrets only said to be set.
 * @param secrets - what the class calls secret now; it may have been stored before it was called so
 */
export function viewSettings(stored: string, secrets: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    storedSettings(stored).map(([name, value]): [string, unknown] => {
      const show = (found: unknown): unknown => {
        const sealed = sealedSchema.safeParse(found);
        if (sealed.success) return shown(sealed.data.lastFour);
        const isSecretInClear = typeof found === 'string' && secrets.includes(name);
        return isSecretInClear ? shown(shownEndOf(found)) : found;
      };
      return [name, changeSecretPlaces(value, show)];
    }),
  );
}

function storedSettings(stored: string): [string, unknown][] {
  return Object.entries(storedSchema.parse(JSON.parse(stored)));
}

const shown = (lastFour: string): SecretView => ({ set: true, lastFour });
const shownEndOf = (text: string) => lastFourOf(text, MIN_LENGTH_TO_SHOW);

const place = (id: number, name: string) => `backend:${id}:${name}`;
