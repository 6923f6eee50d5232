import { z } from 'zod';
import { secretSourceSchema, secretSourcesSchema, settingOf } from './find-secrets.js';

/** RFC 7617: a user name has no colon, and neither it nor a password has control characters. Halves of characters are no text. */
const USERNAME = /^[^:\p{Cc}\p{Cs}]+$/u;
const USERNAME_RULE = 'a user name is text that has no colon and no control characters (RFC 7617)';

/** RFC 7617; secrets are passwords. The same for who sends credentials and who verifies them. */
export const basicModeSchema = z.strictObject({
  mode: z.literal('basic'),
  /** As it is, or the setting of the linked backend that holds it. */
  username: z.union([z.string().regex(USERNAME, USERNAME_RULE), secretSourceSchema]),
  secrets: secretSourcesSchema,
});

/** The user name of mode `basic`; or why there is none. @param settings - of the linked backend */
export function usernameOf(
  { username }: z.infer<typeof basicModeSchema>,
  settings: unknown,
): string | { readonly reason: string } {
  if (typeof username === 'string') return username;
  const name = `the setting "${username.setting}" of the backend`;
  const found = settingOf(settings, username.setting);
  if (typeof found !== 'string' || found === '') return { reason: `${name} holds no user name: set it` };
  return USERNAME.test(found) ? found : { reason: `${name} holds no user name: ${USERNAME_RULE}` };
}

/** `user:password` as the scheme `Basic` carries it. */
export const basicCredentials = (username: string, password: string): string =>
  Buffer.from(`${username}:${password}`).toString('base64');
