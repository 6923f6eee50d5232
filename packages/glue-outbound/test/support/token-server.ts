import { generateKeyPairSync } from 'node:crypto';
import { Events, OAuth2Server } from 'oauth2-mock-server';

/** What an authorization server was asked. */
export interface TokenRequest {
  readonly authorization: string | undefined;
  readonly userAgent: string | undefined;
  readonly body: Readonly<Record<string, unknown>>;
}

/** A foreign authorization server on the loopback interface, that takes every client. */
export interface TokenServer {
  readonly url: string;
  readonly host: string;
  /** The access tokens that it gave, the oldest first. */
  readonly tokens: string[];
  readonly requests: TokenRequest[];
  /** What it answers instead from now on, merged into what it would; undefined: what it would. */
  answer: { readonly status?: number; readonly body?: object } | undefined;
  close(): Promise<void>;
}

export async function openTokenServer(): Promise<TokenServer> {
  const server = new OAuth2Server();
  // Its own way to make a key wants objects of the same realm, and tests run in one of their own.
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  await server.issuer.keys.add({ ...privateKey.export({ format: 'jwk' }), kid: 'one', alg: 'RS256' });
  await server.start(0, '127.0.0.1');
  let count = 0;
  // Two tokens of one second would be the same.
  server.service.on(Events.BeforeTokenSigning, ({ payload }: { payload: Record<string, unknown> }) => {
    payload['jti'] = `token-${(count += 1)}`;
  });
  server.service.on(
    Events.BeforeResponse,
    (
      response: { body: Record<string, unknown>; statusCode: number },
      { headers, body }: { headers: Record<string, string | undefined>; body: Record<string, unknown> },
    ) => {
      opened.requests.push({
        authorization: headers['authorization'],
        userAgent: headers['user-agent'],
        body: { ...body },
      });
      const { status = 200, body: more = {} } = opened.answer ?? {};
      if (status === 200) opened.tokens.push(String(response.body['access_token']));
      response.statusCode = status;
      response.body = status === 200 ? { ...response.body, ...more } : { ...more };
    },
  );
  const { port } = server.address();
  const opened: TokenServer = {
    url: `http://127.0.0.1:${port}/token`,
    host: `127.0.0.1:${port}`,
    tokens: [],
    requests: [],
    answer: undefined,
    close: () => server.stop(),
  };
  return opened;
}
