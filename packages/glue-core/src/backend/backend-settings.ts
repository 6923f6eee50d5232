import { z } from 'zod';
import type { SecretBox } from '../crypto/secret-box.js';
import { GlueError } from '../errors/glue-error.js';
import { problemsOf } from '../validation/problems.js';
import type { BackendClass } from './backend-class.js';
import type { SecretView } from './backend-record.js';
import { secretSettingsOf } from './secret-setting.js';

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

/** Turns validated settings into what is stored: secrets encrypted, everything else as it is. */
export function sealSettings(
  backendClass: BackendClass,
  settings: Record<string, unknown>,
  box: SecretBox,
  id: number,
): string {
  const sealed = { ...settings };
  for (const name of secretSettingsOf(backendClass.settings)) {
    const value = settings[name];
    if (typeof value !== 'string') continue;
    sealed[name] = {
      $sealed: box.seal(value, place(id, name)),
      lastFour: value.length >= MIN_LENGTH_TO_SHOW ? value.slice(-4) : '',
    };
  }
  return JSON.stringify(sealed);
}

/** The stored settings in clear. @throws GLUE_SECRET_KEY_MISSING */
export function openSettings(stored: string, box: SecretBox, id: number): Record<string, unknown> {
  return mapSealed(stored, (name, { $sealed }) => box.open($sealed, place(id, name)));
}

/** The stored settings for people: secrets only said to be set. */
export function viewSettings(stored: string): Record<string, unknown> {
  return mapSealed(stored, (_name, { lastFour }): SecretView => ({ set: true, lastFour }));
}

function mapSealed(
  stored: string,
  replace: (name: string, sealed: z.infer<typeof sealedSchema>) => unknown,
): Record<string, unknown> {
  const settings = storedSchema.parse(JSON.parse(stored));
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => {
      const sealed = sealedSchema.safeParse(value);
      return [name, sealed.success ? replace(name, sealed.data) : value];
    }),
  );
}

const place = (id: number, name: string) => `backend:${id}:${name}`;
