import { messageOf } from 'glue-core';
import {
  allowInsecureRequests,
  ClientSecretBasic,
  ClientSecretPost,
  clientCredentialsGrantRequest,
  customFetch,
  TlsClientAuth,
  type ClientAuth,
} from 'oauth4webapi';
import type { AuthenticationOf } from '../endpoint/authentication.js';
import { secretsIn } from '../dispatch/redact.js';
import type { SendResult } from '../send/send-request.js';
import type { AuthenticationMoment } from './authenticator.js';
import { readTokenAnswer } from './read-token-answer.js';
import type { Token } from './token-cache.js';
import { TokenFailure } from './token-failure.js';

/** Who asks for tokens, where, and for which. */
export interface TokenClient {
  readonly url: URL;
  readonly clientId: string;
  readonly config: AuthenticationOf<'oauth2'>;
}

/** Asks for a token by client credentials (RFC 6749 §4.4). Never throws. @param secret - of the client, where it has one */
export async function requestToken(
  { url, clientId, config }: TokenClient,
  secret: string,
  { ask, clock, nowMs }: AuthenticationMoment,
): Promise<Token | TokenFailure> {
  const where = `the token endpoint ${url.host}`;
  const begunAtMs = clock.monotonic();
  const results: SendResult[] = [];
  try {
    await clientCredentialsGrantRequest(
      // Nothing of the answer names an issuer; the library asks for one.
      { issuer: url.origin, token_endpoint: url.href },
      { client_id: clientId },
      clientAuth(config, secret),
      parametersOf(config),
      {
        // What may be asked is decided before, by rules of our own.
        [allowInsecureRequests]: true,
        [customFetch]: async (href, { headers, body }) => {
          results.push(await ask({ method: 'POST', url: href, headers, body: body.toString() }));
          return new Response();
        },
      },
    );
  } catch (error) {
    return new TokenFailure('internal', `${where} could not be asked: ${messageOf(error)}`);
  }
  const [sent] = results;
  if (!sent) return new TokenFailure('internal', `${where} was not asked`);
  if (sent.kind === 'failure')
    return new TokenFailure(
      sent.cause === 'rendering' ? 'internal' : sent.cause,
      `${where}: ${sent.cause}: ${sent.note}`,
    );
  return readTokenAnswer(sent.response, { where, begunAtMs, nowMs });
}

/** A secret of the client in the headers of such a request, as secret as it is; none where it goes in the body. */
export function writtenCredentials({ url, clientId, config }: TokenClient, secret: string): string[] {
  const headers = new Headers();
  const server = { issuer: url.origin };
  void clientAuth(config, secret)(server, { client_id: clientId }, new URLSearchParams(), headers);
  return secretsIn(Object.fromEntries(headers));
}

function clientAuth({ clientAuthentication }: TokenClient['config'], secret: string): ClientAuth {
  switch (clientAuthentication) {
    case 'client_secret_basic':
      return ClientSecretBasic(secret);
    case 'client_secret_post':
      return ClientSecretPost(secret);
    case 'tls_client_auth':
      return TlsClientAuth();
  }
}

/** RFC 6749 §3.3, RFC 8707; `audience` is what vendors have instead of the latter. */
function parametersOf({ scope, audience, resource }: TokenClient['config']): URLSearchParams {
  const parameters = new URLSearchParams();
  if (scope.length > 0) parameters.set('scope', scope.join(' '));
  if (audience !== undefined) parameters.set('audience', audience);
  for (const each of resource) parameters.append('resource', each);
  return parameters;
}
