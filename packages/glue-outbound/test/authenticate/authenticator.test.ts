import { describe, expect, it } from '@jest/globals';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import { openMeans } from '../../src/endpoint/open-endpoint.js';
import { authenticated, authenticatorOf, authenticatorWith, momentAt } from '../support/authentication.js';
import { requestOf } from '../support/signing.js';

const NOW = Date.UTC(2026, 0, 1);
const basic = { mode: 'basic', username: 'glue' };
const bearer = { mode: 'bearer' };
const header = { mode: 'api-key', key: { header: 'X-Api-Key' } };
const query = { mode: 'api-key', key: { query: 'api key' } };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const written = async (config: object, secret: unknown, settings?: object) => {
  const { headers, url } = await authenticated(authenticatorWith(config, secret, settings), requestOf(), NOW);
  const { 'content-type': _type, ...rest } = headers;
  return { headers: rest, url };
};
const URL_BEFORE = 'https://receiver.example/hook?a=1';

describe('a request says who calls', () => {
  it.each<[string, object, string, object, string]>([
    ['basic', basic, 'pa:ß', { authorization: `Basic ${base64('glue:pa:ß')}` }, URL_BEFORE],
    [
      'basic, with the name in a setting',
      { mode: 'basic', username: { setting: 'user' } },
      'p',
      { authorization: `Basic ${base64('shop:p')}` },
      URL_BEFORE,
    ],
    ['bearer', bearer, 'abc.def-1==', { authorization: 'Bearer abc.def-1==' }, URL_BEFORE],
    ['a key in a header', header, 'k 1', { 'x-api-key': 'k 1' }, URL_BEFORE],
    [
      'a key behind a prefix',
      { mode: 'api-key', key: { header: 'authorization', prefix: 'Token ' } },
      'k',
      { authorization: 'Token k' },
      URL_BEFORE,
    ],
    ['a key in UTF-8', header, 'ü', { 'x-api-key': 'Ã¼' }, URL_BEFORE],
    ['a key in the query', query, 'k&=1', {}, `${URL_BEFORE}&api+key=k%26%3D1`],
  ])('by %s', async (_name, config, secret, headers, url) => {
    expect(await written(config, secret, { user: 'shop' })).toEqual({ headers, url });
  });

  it('by nothing unless it is asked for', async () => {
    const { authentication } = outboundEndpointConfigSchema.parse({});
    expect(authentication).toEqual({ mode: 'none' });
    const request = requestOf();
    expect(await authenticated(authenticatorOf(authentication), request)).toBe(request);
  });

  it('by the newest secret whose time it is: the last of its own, else the last of the settings', async () => {
    const authenticator = authenticatorOf(
      { ...bearer, secrets: [{ setting: 's' }] },
      {
        backend: { settings: { s: ['first', { secret: 'second', notBefore: NOW }] } },
        own: {
          secrets: [
            { id: '1', value: 'third', usedFor: 'authentication', notBefore: NOW + 10, notAfter: NOW + 20 },
            { id: '2', value: 'fourth', usedFor: 'authentication', notBefore: NOW + 20 },
          ],
        },
      },
    );
    const at = async (nowMs: number) =>
      (await authenticated(authenticator, requestOf(), nowMs)).headers['authorization'];
    expect(await Promise.all([NOW - 1, NOW, NOW + 10, NOW + 20].map(at))).toEqual([
      'Bearer first',
      'Bearer second',
      'Bearer third',
      'Bearer fourth',
    ]);
  });

  it('not when no secret counts at the time: that is our fault', () => {
    const authenticator = authenticatorWith(bearer, [{ secret: 'a', notAfter: NOW - 1 }]);
    expect(authenticator.authenticate(requestOf(), momentAt(NOW))).toMatchObject({
      cause: 'internal',
      reason: expect.stringContaining('no secret for authentication counts at this time'),
    });
  });

  it('not where the query has a parameter of that name: no other try would help', () => {
    const authenticator = authenticatorWith({ mode: 'api-key', key: { query: 'a' } }, 'k');
    expect(authenticator.authenticate(requestOf(), momentAt(NOW))).toEqual({
      cause: 'rendering',
      reason:
        'the query parameter "a" is written by the authentication of the endpoint: take it out of path and hooks',
    });
  });
});

describe('an endpoint cannot say who calls', () => {
  it.each<[string, object, unknown, string]>([
    ['without a secret', bearer, '', 'the setting "s" of the backend holds no secret'],
    ['with a token that is none', bearer, 'a b', 'is no bearer token (RFC 6750'],
    ['with a token of two lines', bearer, 'a\r\nx: y', 'is no bearer token (RFC 6750'],
    ['with a password of two lines', basic, 'a\nb', 'has control characters'],
    ['with a key of two lines', header, 'a\r\nx: y', 'has control characters'],
    ['with a key between blanks', header, ' k1', 'has blanks around it'],
    [
      'without a user name',
      { mode: 'basic', username: { setting: 'nobody' } },
      'p',
      'the setting "nobody" of the backend holds no user name: set it',
    ],
    [
      'with a user name that has a colon',
      { mode: 'basic', username: { setting: 'user' } },
      'p',
      'the setting "user" of the backend holds no user name: a user name is text that has no colon',
    ],
    [
      'with half of a character in the user name',
      { mode: 'basic', username: { setting: 'half' } },
      'p',
      'the setting "half" of the backend holds no user name',
    ],
    ['with half of a character in the password', basic, 'a\ud800', 'is no text'],
    ['with half of a character in the key', header, 'a\ud800', 'is no text'],
    [
      'with half of a character in the client id',
      { mode: 'oauth2', tokenUrl: 'https://auth.example/token', clientId: { setting: 'half' } },
      'p1',
      'the setting "half" of the backend holds no client id: it is no text',
    ],
  ])('%s', (_name, config, secret, reason) => {
    const make = () => authenticatorWith(config, secret, { user: 'a:b', half: 'a\ud800' });
    expect(make).toThrow(reason);
    if (secret !== '') expect(make).not.toThrow(String(secret));
  });

  it('with nothing named, and says what to do', () => {
    expect(() => authenticatorOf(bearer)).toThrow(
      'it has no secret to send (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code> --for authentication',
    );
  });
});

/** What credentials of the scheme Basic hold. */
function sentBasic(...sent: readonly unknown[]): string[] {
  const texts = JSON.stringify(sent).matchAll(/Basic ([\w+/=]+)/g);
  return [...texts].map(([, credentials = '']) => Buffer.from(credentials, 'base64').toString());
}

describe('a secret of the endpoint’s own', () => {
  const signing = { mode: 'standard-webhooks' };
  const open = (config: object, secrets: readonly object[]) =>
    openMeans(outboundEndpointConfigSchema.parse(config), { secrets: secrets as never }, undefined);
  const forSigning = { id: '1', value: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' };
  const forAuthentication = { id: '2', value: 'for.the.receiver', usedFor: 'authentication' };

  it('that signs is never sent', async () => {
    expect(open({ authentication: bearer }, [forSigning])).toEqual({
      problems: [expect.stringContaining('authentication: it has no secret to send')],
    });
    const means = open({ authentication: bearer, signing }, [forSigning, forAuthentication]);
    if ('problems' in means) throw new Error(means.problems.join());
    expect((await authenticated(means.authenticator, requestOf())).headers['authorization']).toBe(
      'Bearer for.the.receiver',
    );
  });

  it('that is sent does not sign', () => {
    expect(open({ authentication: bearer, signing }, [forAuthentication])).toEqual({
      problems: [expect.stringContaining('signing: it has no secret to sign with')],
    });
  });

  const oauth2 = { mode: 'oauth2', tokenUrl: 'https://auth.example/token', clientId: 'glue' };
  const ofClient = { id: '3', value: 'client-secret', usedFor: 'client' };
  const sentToReceiver = [basic, bearer, header, query];
  const apart = (use: string) => ({
    problems: [
      `authentication: it has no secret to send (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code> --for ${use}`,
    ],
  });

  it('that goes to the receiver never goes to a token endpoint', () => {
    expect(open({ authentication: oauth2 }, [forAuthentication, forSigning])).toEqual(apart('client'));
  });

  it.each(sentToReceiver)('of the client, for a token endpoint, never goes to the receiver: %j', (mode) => {
    expect(open({ authentication: mode }, [ofClient, forSigning])).toEqual(apart('authentication'));
  });

  it.each([oauth2, ...sentToReceiver])('is the one for who gets it, whichever is newer: %j', async (mode) => {
    const isClient = mode.mode === 'oauth2';
    for (const secrets of [
      [forAuthentication, ofClient],
      [ofClient, forAuthentication],
    ]) {
      const means = open({ authentication: mode }, secrets);
      if ('problems' in means) throw new Error(means.problems.join());
      const sent: unknown[] = [];
      const ask = (request: unknown) => {
        sent.push(request);
        return Promise.resolve({ kind: 'failure', cause: 'connect', note: 'nobody' } as never);
      };
      const result = await means.authenticator.authenticate(requestOf(), momentAt(NOW, { ask }));
      const clear = [JSON.stringify([sent, result]), ...sentBasic(sent, result)].join();
      expect(clear.includes(ofClient.value.replace('-', '%2D')) || clear.includes(ofClient.value)).toBe(
        isClient,
      );
      expect(clear.includes(forAuthentication.value)).toBe(!isClient);
      expect(means.secrets()).not.toContain(isClient ? forAuthentication.value : ofClient.value);
    }
  });

  it('is missed on both sides at once', () => {
    expect(open({ authentication: bearer, signing }, [])).toEqual({
      problems: [expect.stringMatching(/^authentication: /), expect.stringMatching(/^signing: /)],
    });
  });
});

describe('the configuration of an endpoint that says who calls', () => {
  const problems = (config: object) =>
    outboundEndpointConfigSchema.safeParse(config).error?.issues.map(({ message }) => message);

  it.each([
    [basic, 'Authorization'],
    [bearer, 'authorization'],
    [header, 'x-api-KEY'],
  ])('has no rule for what %j writes: %s', (authentication, name) => {
    const headers = [{ name, value: 'x' }];
    expect(problems({ authentication, headers })).toEqual([
      `the authentication of the endpoint writes the header "${name}"`,
    ]);
    expect(problems({ headers })).toBeUndefined();
  });

  it('does not sign and authenticate in one header', () => {
    const signing = {
      ...{ mode: 'hmac', digest: 'sha256', encoding: 'hex', message: [{ body: 'raw' }] },
      signature: { header: 'Authorization' },
    };
    expect(problems({ authentication: bearer, signing })).toEqual([
      'the signing of the endpoint writes the header "authorization" too',
    ]);
  });

  it.each<[string, object]>([
    ['a user name with a colon', { mode: 'basic', username: 'a:b' }],
    ['no user name', { mode: 'basic' }],
    ['a user name with half of a character', { mode: 'basic', username: 'a\ud800' }],
    [
      'a client with half of a character',
      { mode: 'oauth2', clientId: 'a\ud800', tokenUrl: 'https://a.example' },
    ],
    [
      'an audience with half of a character',
      { mode: 'oauth2', clientId: 'a', tokenUrl: 'https://a.example', audience: '\udc00' },
    ],
    [
      'a token endpoint with half of a character',
      { mode: 'oauth2', clientId: 'a', tokenUrl: 'https://a.example/\ud800' },
    ],
    ['a key in a header that belongs to the sender', { mode: 'api-key', key: { header: 'Host' } }],
    ['a key in a header of Glue', { mode: 'api-key', key: { header: 'User-Agent' } }],
    ['a key in the header of another proof', { mode: 'api-key', key: { header: 'webhook-signature' } }],
    ['a prefix of two lines', { mode: 'api-key', key: { header: 'x', prefix: 'a\r\nb' } }],
    ['a key nowhere', { mode: 'api-key' }],
    ['a token endpoint that is none', { mode: 'oauth2', clientId: 'a', tokenUrl: 'auth.example.com' }],
    [
      'a token endpoint with a password',
      { mode: 'oauth2', clientId: 'a', tokenUrl: 'https://a:b@auth.example.com' },
    ],
    ['a token endpoint of another protocol', { mode: 'oauth2', clientId: 'a', tokenUrl: 'ftp://a.example' }],
    [
      'two scopes in one',
      { mode: 'oauth2', clientId: 'a', tokenUrl: 'https://a.example', scope: ['read write'] },
    ],
    ['a certificate that is not named', { mode: 'mtls' }],
    [
      'a client that a certificate proves, without one',
      {
        ...{ mode: 'oauth2', clientId: 'a', tokenUrl: 'https://a.example' },
        clientAuthentication: 'tls_client_auth',
      },
    ],
    ['a secret in the configuration', { mode: 'bearer', token: 'abc' }],
    ['an unknown mode', { mode: 'digest' }],
  ])('refuses %s', (_name, authentication) => {
    expect(problems({ authentication })).not.toBeUndefined();
  });
});
