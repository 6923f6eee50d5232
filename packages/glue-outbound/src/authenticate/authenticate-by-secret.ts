import { decodeSecrets, findSecrets, liveKeys, ownSecretsFor, type SecretSource } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import type { SecretMeans, Unusable } from '../sign/secret-means.js';
import { Unsendable } from '../sign/unsendable.js';
import type { Authenticator } from './authenticator.js';

/** For who reads that a secret is missing. */
export const WAY_OUT =
  'set it in the backend, or give the endpoint a secret of its own that is for authentication';

/** How a secret goes into a request. */
export interface Credentials {
  /** What is wrong with a secret, as the end of a sentence about it. */
  readonly problem: (secret: string) => string | undefined;
  /** What is sent of it; as secret as it is. */
  readonly form: (secret: string) => string;
  readonly write: (request: OutboundRequest, form: string) => OutboundRequest | Unsendable;
}

/** The newest secret whose time it is goes with each request; judged at each, as windows open and close. */
export function authenticateBySecret(
  sources: readonly SecretSource[],
  means: SecretMeans,
  { problem, form, write }: Credentials,
): Authenticator | Unusable {
  const sendable = sendableSecrets(sources, means, problem);
  if ('reason' in sendable) return sendable;
  const { secrets, warnings, newest } = sendable;
  return {
    secrets: [...secrets, ...secrets.map(form)],
    warnings,
    authenticate: (request, nowMs) => {
      const secret = newest(nowMs);
      return secret instanceof Unsendable ? secret : write(request, form(secret));
    },
  };
}

/** The secrets of an endpoint that can be sent. */
export interface SendableSecrets {
  /** All that were found, in clear. */
  readonly secrets: readonly string[];
  readonly warnings: readonly string[];
  /** The newest that counts at a time. @param nowMs - the shared time, Unix milliseconds */
  readonly newest: (nowMs: number) => string | Unsendable;
}

/** @returns the reason when there is none */
export function sendableSecrets(
  sources: readonly SecretSource[],
  { backend, own }: SecretMeans,
  problem: Credentials['problem'],
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
