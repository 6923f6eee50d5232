import {
  apiKeyModeSchema,
  basicModeSchema,
  bearerModeSchema,
  secretSourceSchema,
  secretSourcesSchema,
  type ApiKeyPlace,
} from 'glue-core';
import { z } from 'zod';
import { textProblem } from '../authenticate/setting-text.js';
import { tokenUrlProblem } from '../authenticate/token-url-problem.js';
import { headerProblem } from '../render/header-name.js';
import { clientCertificateSchema, type ClientCertificateConfig } from './client-certificate.js';

/** Headers that every request has from Glue itself. */
const OWN_HEADERS: ReadonlySet<string> = new Set(['user-agent', 'content-type']);

/** Receivers may want both: who connects, and who asks. */
const beside = {
  certificate: clientCertificateSchema
    .optional()
    .describe('By which the host proves who it is when it connects (mutual TLS).'),
};

/** What a request can carry, beside what inbound can verify. */
const sendableApiKey = apiKeyModeSchema.extend(beside).superRefine(({ key }, context) => {
  const problem = placeProblem(key);
  if (problem !== undefined) context.addIssue({ code: 'custom', path: ['key'], message: problem });
});

const tokenUrl = z.string().superRefine((text, context) => {
  const problem = tokenUrlProblem(text);
  if (problem !== undefined) context.addIssue({ code: 'custom', message: `the token endpoint ${problem}` });
});
const text = z
  .string()
  .min(1)
  .superRefine((value, context) => {
    const problem = textProblem(value);
    if (problem !== undefined) context.addIssue({ code: 'custom', message: `it ${problem}` });
  });
const scope = z
  .string()
  .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, 'a scope has no blanks, quotes and backslashes (RFC 6749)');

/** Tokens by client credentials (RFC 6749 §4.4); secrets are those of the client. */
const oauth2 = z
  .strictObject({
    mode: z.literal('oauth2'),
    tokenUrl: z
      .union([tokenUrl, secretSourceSchema])
      .describe('Who gives tokens, by https; or the setting of the backend that says so.'),
    clientId: z.union([text, secretSourceSchema]),
    secrets: secretSourcesSchema,
    clientAuthentication: z
      .enum(['client_secret_basic', 'client_secret_post', 'tls_client_auth'])
      .default('client_secret_basic')
      .describe(
        'How the client proves who it is when it asks for a token: by its secret in a header or in the body, or by its certificate.',
      ),
    scope: z.array(scope).default([]),
    audience: text.optional().describe('For whom the token is, in the way of some vendors.'),
    resource: z
      .array(z.url().refine((url) => url.isWellFormed(), 'is no URL'))
      .default([])
      .describe('For whom the token is (RFC 8707).'),
    ...beside,
  })
  .refine(
    ({ clientAuthentication, certificate }) => clientAuthentication !== 'tls_client_auth' || certificate,
    {
      path: ['certificate'],
      message: 'tls_client_auth (RFC 8705) proves the client by its certificate: name one',
    },
  );

/** Nothing but the certificate says who calls. */
const mtls = z.strictObject({ mode: z.literal('mtls'), certificate: clientCertificateSchema });

/** How requests say who calls; written as inbound writes its verification. */
export const authenticationSchema = z
  .discriminatedUnion('mode', [
    z.strictObject({ mode: z.literal('none') }),
    basicModeSchema.extend(beside),
    bearerModeSchema.extend(beside),
    sendableApiKey,
    oauth2,
    mtls,
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
    case 'mtls':
    case 'none':
      return [];
  }
}

/** By which certificate the host proves who it is. */
export function certificateOf(authentication: Authentication): ClientCertificateConfig | undefined {
  return 'certificate' in authentication ? authentication.certificate : undefined;
}

function placeProblem(place: ApiKeyPlace): string | undefined {
  if ('query' in place) return place.query.isWellFormed() ? undefined : 'the parameter is no text';
  const { header, prefix } = place;
  return OWN_HEADERS.has(header)
    ? `Glue itself writes the header "${header}"`
    : headerProblem(header, prefix);
}
