import {
  decodeSecrets,
  findSecrets,
  liveKeys,
  ownSecretsFor,
  type SecretSource,
  type SecretUse,
} from 'glue-core';
import { wayOut, type SecretMeans, type Unusable } from '../sign/secret-means.js';
import { Unsendable } from '../sign/unsendable.js';

/** Who gets a secret: the receiver, or a token endpoint. */
export type SentUse = Extract<SecretUse, 'authentication' | 'client'>;

/** The secrets of an endpoint that can be sent. */
export interface SendableSecrets {
  /** All that were found, in clear. */
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
  /** The newest that counts at a time. @param nowMs - the shared time, Unix milliseconds */
  readonly newest: (nowMs: number) => string | Unsendable;
}

/**
 * Finds those that are for whom they are sent to.
 * @param problem - what is wrong with a secret, as the end of a sentence about it
 * @returns the reason when there is none
 */
export function sendableSecrets(
  sources: readonly SecretSource[],
  { backend, own }: SecretMeans,
  use: SentUse,
  problem: (secret: string) => string | undefined,
): SendableSecrets | Unusable {
  const found = findSecrets(sources, backend?.settings, ownSecretsFor(own, use));
  const { keys, problems } = decodeSecrets(found, (secret) => {
    const wrong = problem(secret);
    return wrong === undefined ? { key: secret } : { problem: wrong };
  });
  if (keys.length === 0) {
    const details = [...problems, ...found.missing];
    return { reason: `it has no secret to send (${details.join('; ') || 'none is named'}): ${wayOut(use)}` };
  }
  return {
    secrets: found.secrets.map(({ value }) => value),
    warnings: problems,
    // Settings keep the order in which they are named, and own secrets that of their making.
    newest: (nowMs) =>
      liveKeys(keys, nowMs).at(-1) ??
      new Unsendable(
        'internal',
        `no secret for ${use === 'client' ? 'the client' : use} counts at this time: ${wayOut(use)}`,
      ),
  };
}
