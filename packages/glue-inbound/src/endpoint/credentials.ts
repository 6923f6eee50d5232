import { createHash } from 'node:crypto';
import { apiKeyProblem, bearerProblem, type Decoded } from 'glue-core';

/** What is compared instead of a secret: equally long, whatever it is made of. */
export function credentialDigest(credential: string | Buffer): Buffer {
  return createHash('sha256').update(credential).digest();
}

/** RFC 7617: user name, colon, password, in UTF-8. */
export function basicKeyOf(username: string, password: string): Decoded<Buffer> {
  return { key: credentialDigest(`${username}:${password}`) };
}

export function bearerKeyOf(token: string): Decoded<Buffer> {
  const problem = bearerProblem(token);
  return problem === undefined ? { key: credentialDigest(token) } : { problem };
}

export function apiKeyOf(key: string): Decoded<Buffer> {
  const problem = apiKeyProblem(key);
  return problem === undefined ? { key: credentialDigest(key) } : { problem };
}
