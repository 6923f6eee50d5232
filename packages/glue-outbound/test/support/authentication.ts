import type { OutboundRequest } from '../../src/index.js';
import type { Authenticator } from '../../src/authenticate/authenticator.js';
import { createAuthenticator } from '../../src/authenticate/create-authenticator.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { SecretMeans } from '../../src/sign/secret-means.js';
import { Unsendable } from '../../src/sign/unsendable.js';

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

/** @throws when it could not be authenticated */
export function authenticated(
  authenticator: Authenticator,
  request: OutboundRequest,
  nowMs = Date.now(),
): OutboundRequest {
  const result = authenticator.authenticate(request, nowMs);
  if (result instanceof Unsendable) throw new Error(`${result.cause}: ${result.reason}`);
  return result;
}
