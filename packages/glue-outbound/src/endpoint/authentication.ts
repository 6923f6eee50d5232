import { apiKeyModeSchema, basicModeSchema, bearerModeSchema, type ApiKeyPlace } from 'glue-core';
import { z } from 'zod';
import { headerProblem } from '../render/header-name.js';

/** Headers that every request has from Glue itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['user-agent', 'content-type']);

/** What a request can carry, beside what inbound can verify. */
const sendableApiKey = apiKeyModeSchema.superRefine(({ key }, context) => {
  const problem = placeProblem(key);
  if (problem !== undefined) context.addIssue({ code: 'custom', path: ['key'], message: problem });
});

/** How requests say who calls; written as inbound writes its verification. */
export const authenticationSchema = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('none') }),
    basicModeSchema,
    bearerModeSchema,
    sendableApiKey,
  ])
  .prefault({ mode: 'none' });
export type Authentication = z.infer<typeof authenticationSchema>;

/** Lower-case names of the headers that the authentication writes: nobody else may, and the log does not keep them. */
export function authenticationHeadersOf(authentication: Authentication): string[] {
  switch (authentication.mode) {
    case 'basic':
    case 'bearer':
      return ['authorization'];
    case 'api-key':
      return 'header' in authentication.key ? [authentication.key.header] : [];
    case 'none':
      return [];
  }
}

function placeProblem(place: ApiKeyPlace): string | undefined {
  if ('query' in place) return place.query.isWellFormed() ? undefined : 'the parameter is no text';
  const { header, prefix } = place;
  return OWN_HEADERS.has(header)
    ? `Glue itself writes the header "${header}"`
    : headerProblem(header, prefix);
}
