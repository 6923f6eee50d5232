import {
  apiKeyModeSchema,
  basicModeSchema,
  bearerModeSchema,
  secretSourceSchema,
  secretSourcesSchema,
  type ApiKeyPlace,
} from 'glue-core';
import { z } from 'zod';
import { tokenUrlProblem } from '../authenticate/token-url-problem.js';
import { headerProblem } from '../render/header-name.js';

/** Headers that every request has from Glue itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['user-agent', 'content-type']);

/** What a request can carry, beside what inbound can verify. */
const sendableApiKey = apiKeyModeSchema.superRefine(({ key }, context) => {
  const problem = placeProblem(key);
  if (problem !== undefined) context.addIssue({ code: 'custom', path: ['key'], message: problem });
});

const tokenUrl = z.string().superRefine((text, context) => {
  const problem = tokenUrlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: `the token endpoint ${problem}` });
});
const scope = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no blanks, quotes and backslashes (RFC 6749)');

/** Tokens by client credentials (RFC 6749 §4.4); secrets are those of the client. */
const oauth2 = z.strictObject({
  mode: z.literal('oauth2'),
  tokenUrl: z
    .union([tokenUrl, secretSourceSchema])
    .describe('Who gives tokens, by https; or the setting of the backend that says so.'),
  clientId: z.union([z.string().min(1), secretSourceSchema]),
  secrets: secretSourcesSchema,
  clientAuthentication: z
    .enum(['client_secret_basic', 'client_secret_post'])
    .default('client_secret_basic')
    .describe('How the client says who it is when it asks for a token: in a header, or in the body.'),
  scope: z.array(scope).default([]),
  audience: z.string().min(1).optional().describe('For whom the token is, in the way of some vendors.'),
  resource: z.array(z.url()).default([]).describe('For whom the token is (RFC 8707).'),
});

/** How requests say who calls; written as inbound writes its verification. */
export const authenticationSchema = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('none') }),
    basicModeSchema,
    bearerModeSchema,
    sendableApiKey,
    oauth2,
  ])
  .prefault({ mode: 'none' });
export type Authentication = z.infer<typeof authenticationSchema>;
export type AuthenticationOf<Mode extends Authentication['mode']> = Extract<Authentication, { mode: Mode }>;

/** Lower-case names of the headers that the authentication writes: nobody else may, and the log does not keep them. */
export function authenticationHeadersOf(authentication: Authentication): string[] {
  switch (authentication.mode) {
    case 'basic':
    case 'bearer':
    case 'oauth2':
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
