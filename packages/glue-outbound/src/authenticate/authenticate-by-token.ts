import type { AuthenticationOf } from '../endpoint/authentication.js';
import type { SecretMeans, Unusable } from '../sign/secret-means.js';
import { Unsendable } from '../sign/unsendable.js';
import type { AuthenticationMoment, Authenticator } from './authenticator.js';
import { requestToken, writtenCredentials } from './request-token.js';
import { sendableSecrets, type SendableSecrets } from './sendable-secrets.js';
import { textOf, textProblem } from './setting-text.js';
import { TokenCache, type Token } from './token-cache.js';
import { TokenFailure } from './token-failure.js';
import { tokenUrlProblem } from './token-url-problem.js';
import { waitFor } from './wait-for.js';
import { withAuthorization } from './write-credentials.js';

/**
 * Each request carries a token that is had for the client's newest secret. It is kept as long as it is good, whatever
 * number of deliveries that is, and asked for once however many wait.
 * @returns the reason when no token could be asked for
 */
export function authenticateByToken(
  config: AuthenticationOf<'oauth2'>,
  means: SecretMeans,
): Authenticator | Unusable {
  const settings = means.backend?.settings;
  const url = textOf('token endpoint', config.tokenUrl, settings, tokenUrlProblem);
  if (typeof url !== 'string') return url;
  const clientId = textOf('client id', config.clientId, settings);
  if (typeof clientId !== 'string') return clientId;
  const sendable = clientSecrets(config, means);
  if ('reason' in sendable) return sendable;
  const { secrets, warnings, newest } = sendable;

  const client = { url: new URL(url), clientId, config };
  const cache = new TokenCache();
  const written = secrets.flatMap((secret) => writtenCredentials(client, secret));
  return {
    tokenUrl: client.url,
    warnings,
    secrets: () => [...secrets, ...written, ...cache.values],
    authenticate: async (request, moment) => {
      const token = await tokenFor(moment);
      if (token instanceof Unsendable || token instanceof TokenFailure) return token;
      return {
        request: withAuthorization(request, 'Bearer', token.value),
        refused: () => cache.forget(token),
      };
    },
  };

  async function tokenFor(moment: AuthenticationMoment): Promise<Token | TokenFailure | Unsendable> {
    const { clock, signal } = moment;
    const secret = newest(moment.nowMs);
    if (secret instanceof Unsendable) return secret;
    const limitMs = moment.leftMs();
    const token = cache.get(() => requestToken(client, secret, moment), clock.monotonic());
    const late = `no token from the token endpoint ${client.url.host} within what was left of the attempt, ${limitMs} ms`;
    return (await waitFor(token, { clock, limitMs, signal })) ?? new TokenFailure('timeout', late);
  }
}

/** What only the receiver may know is none of them. A client that its certificate proves has no secret. */
function clientSecrets(
  { clientAuthentication, secrets }: AuthenticationOf<'oauth2'>,
  means: SecretMeans,
): SendableSecrets | Unusable {
  if (clientAuthentication === 'tls_client_auth') return { secrets: [], warnings: [], newest: () => '' };
  return sendableSecrets(secrets, means, 'client', textProblem);
}
