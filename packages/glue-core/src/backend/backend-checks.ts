import type { z } from 'zod';
import { GlueError } from '../errors/glue-error.js';
import { isSlug, slug } from '../naming/slug.js';
import { problemsOf } from '../validation/problems.js';
import { backendFieldsSchema } from './backend-fields.js';
import { DEFAULT_COMPANY, type NewBackend } from './backend-record.js';
import { parseSettings } from './backend-settings.js';
import type { BackendTypes } from './backend-types.js';

/** The code that a backend gets, of the one that is asked for, or of its name. @throws GLUE_BACKEND_CODE_INVALID */
export function codeOf(given: string | undefined, name: string): string {
  if (given === undefined) return slug(name) || 'backend';
  const code = slug(given);
  if (!isSlug(code))
    throw new GlueError('GLUE_BACKEND_CODE_INVALID', `"${given}" gives no code: use letters and digits`);
  return code;
}

/** @throws GLUE_BACKEND_INVALID */
export function checkFields(fields: z.infer<typeof backendFieldsSchema>, who: string): void {
  const { error } = backendFieldsSchema.safeParse(fields);
  if (error)
    throw new GlueError('GLUE_BACKEND_INVALID', `${who} is not valid`, { problems: problemsOf(error) });
}

/** Everything for which a new backend would be refused, whatever the database holds. Pure; nothing when it is well. */
export function newBackendErrors(input: NewBackend, types: BackendTypes): GlueError[] {
  const name = input.name.trim();
  const who = `backend "${input.code ?? name}" (type ${input.type})`;
  return [
    () => parseSettings(types.get(input.type), input.settings, `backend "${input.code ?? name}"`),
    () =>
      checkFields({ code: codeOf(input.code, name), name, company: input.company ?? DEFAULT_COMPANY }, who),
  ].flatMap((check) => {
    try {
      check();
      return [];
    } catch (error) {
      if (error instanceof GlueError) return [error];
      throw error;
    }
  });
}
