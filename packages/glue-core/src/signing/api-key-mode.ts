import { z } from 'zod';
import { secretSourcesSchema } from './find-secrets.js';
import { headerNameSchema } from './header-source.js';

export const apiKeyPlaceSchema = z.union([
  z.strictObject({ header: headerNameSchema, /** In front of the key. */ prefix: z.string().default('') }),
  /** URLs are logged by many a proxy: a header keeps a secret better. */
  z.strictObject({ query: z.string().min(1) }),
]);
export type ApiKeyPlace = z.infer<typeof apiKeyPlaceSchema>;

/** Secrets are keys. */
export const apiKeyModeSchema = z.strictObject({
  mode: z.literal('api-key'),
  key: apiKeyPlaceSchema,
  secrets: secretSourcesSchema,
});

/** What is wrong with an API key, as the end of a sentence about it; undefined when nothing is. */
export function apiKeyProblem(key: string): string | undefined {
  return key === key.trim() ? undefined : 'has blanks around it, which a header cannot have';
}

/** The value of a header that holds a key: its bytes, which Node writes as latin1. */
export const apiKeyHeader = (prefix: string, key: string): string =>
  prefix + Buffer.from(key).toString('latin1');
