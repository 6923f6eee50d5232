import { ManualClock } from 'glue-core';
import type { OutboundRequest } from '../../src/index.js';
import type { AuthenticationMoment, Authenticator } from '../../src/authenticate/authenticator.js';
import { createAuthenticator } from '../../src/authenticate/create-authenticator.js';
import { isUnproven } from '../../src/dispatch/prove-request.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { SecretMeans } from '../../src/sign/secret-means.js';

/** @throws when nobody could be named, with the reason */
export function authenticatorOf(authentication: object, means: Partial<SecretMeans> = {}): Authenticator {
  const config = outboundEndpointConfigSchema.parse({ authentication });
  const authenticator = createAuthenticator(config.authentication, { own: {}, ...means });
  if ('reason' in authenticator) throw new Error(authenticator.reason);
  return authenticator;
}

/** An authenticator whose secrets are in the setting `s`. */
export const authenticatorWith = (authentication: object, secret: unknown, settings = {}): Authenticator =>
  authenticatorOf(
    { secrets: [{ setting: 's' }], ...authentication },
    { backend: { settings: { s: secret, ...settings } } },
  );

/** A moment in which nobody gives tokens. */
export const momentAt = (nowMs: number, more: Partial<AuthenticationMoment> = {}): AuthenticationMoment => ({
  ...{ nowMs, clock: new ManualClock(nowMs), leftMs: () => 15_000, signal: new AbortController().signal },
  ask: () => Promise.reject(new Error('nobody was to be asked')),
  ...more,
});

/** @throws when it could not be authenticated */
export async function authenticated(
  authenticator: Authenticator,
  request: OutboundRequest,
  nowMs = Date.now(),
): Promise<OutboundRequest> {
  const result = await authenticator.authenticate(request, momentAt(nowMs));
  if (isUnproven(result)) throw new Error(`${result.cause}: ${result.reason}`);
  return result.request;
}
