import { z } from 'zod';
import { secretSourcesSchema } from './find-secrets.js';

/** RFC 6750, in the `Authorization` header; secrets are tokens. */
export const bearerModeSchema = z.strictObject({ mode: z.literal('bearer'), secrets: secretSourcesSchema });

/** What is wrong with a bearer token, as the end of a sentence about it; undefined when nothing is (RFC 6750 §2.1). */
export function bearerProblem(token: string): string | undefined {
  if (/^[A-Za-z0-9._~+/-]+=*$/.test(token)) return undefined;
  return 'is no bearer token (RFC 6750: A-Z a-z 0-9 - . _ ~ + / =)';
}
