import type { SecretSource } from 'glue-core';
import type { OutboundRequest } from '../delivery.js';
import type { SecretMeans, Unusable } from '../sign/secret-means.js';
import { Unsendable } from '../sign/unsendable.js';
import type { Authenticator } from './authenticator.js';
import { sendableSecrets } from './sendable-secrets.js';

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
  const sendable = sendableSecrets(sources, means, 'authentication', problem);
  if ('reason' in sendable) return sendable;
  const { secrets, warnings, newest } = sendable;
  return {
    secrets: () => [...secrets, ...secrets.map(form)],
    warnings,
    authenticate: (request, { nowMs }) => {
      const secret = newest(nowMs);
      if (secret instanceof Unsendable) return secret;
      const written = write(request, form(secret));
      return written instanceof Unsendable ? written : { request: written };
    },
  };
}
