import { GlueError } from '../errors/glue-error.js';

const KEY_BYTES = 32;

/**
 * The key of a `SecretBox` from its text.
 * @param text - 32 bytes in base64
 * @param origin - what holds it, for the message
 * @throws GLUE_SECRET_KEY_MISSING
 */
export function parseSecretKey(text: string, origin: string): Buffer {
  const base64 = text.trim();
  const key = Buffer.from(base64, 'base64');
  const isWhole = key.toString('base64').replace(/=+$/, '') === base64.replace(/=+$/, '');
  if (isWhole && key.length === KEY_BYTES) return key;
  throw new GlueError('GLUE_SECRET_KEY_MISSING', `${origin} does not hold ${KEY_BYTES} bytes in base64`);
}
