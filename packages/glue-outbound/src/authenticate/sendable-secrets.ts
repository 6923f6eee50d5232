import {
  decodeSecrets,
  findSecrets,
  liveKeys,
  ownSecretsFor,
  SECRET_WAY_OUT,
  type SecretSource,
} from 'glue-core';
import type { SecretMeans, Unusable } from '../sign/secret-means.js';
import { Unsendable } from '../sign/unsendable.js';

/** For who reads that a secret is missing. */
const WAY_OUT = `${SECRET_WAY_OUT} that is for authentication`;

/** The secrets of an endpoint that can be sent. */
export interface SendableSecrets {
  /** All that were found, in clear. */
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
  /** The newest that counts at a time. @param nowMs - the shared time, Unix milliseconds */
  readonly newest: (nowMs: number) => string | Unsendable;
}

/**
 * Finds them, by what is wrong with each, as the end of a sentence about it.
 * @returns the reason when there is none
 */
export function sendableSecrets(
  sources: readonly SecretSource[],
  { backend, own }: SecretMeans,
  problem: (secret: string) => string | undefined,
): SendableSecrets | Unusable {
  const found = findSecrets(sources, backend?.settings, ownSecretsFor(own, 'authentication'));
  const { keys, problems } = decodeSecrets(found, (secret) => {
    const wrong = problem(secret);
    return wrong === undefined ? { key: secret } : { problem: wrong };
  });
  if (keys.length === 0) {
    const details = [...problems, ...found.missing];
    return { reason: `it has no secret to send (${details.join('; ') || 'none is named'}): ${WAY_OUT}` };
  }
  return {
    secrets: found.secrets.map(({ value }) => value),
    warnings: problems,
    // Settings keep the order in which they are named, and own secrets that of their making.
    newest: (nowMs) =>
      liveKeys(keys, nowMs).at(-1) ??
      new Unsendable('internal', `no secret for authentication counts at this time: ${WAY_OUT}`),
  };
}
