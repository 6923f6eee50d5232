import { describe, expect, it } from '@jest/globals';
import { ManualClock } from 'glue-core';
import type { SendResult } from '../../src/send/send-request.js';
import { authenticatorWith, momentAt } from '../support/authentication.js';
import { requestOf } from '../support/signing.js';

const NOW = Date.UTC(2026, 0, 1);
const oauth2 = { mode: 'oauth2', tokenUrl: 'https://auth.example.com/token', clientId: 'glue' };

/** A token endpoint that answers when it is told to. */
function tokenEndpoint() {
  const { promise, resolve } = Promise.withResolvers<SendResult>();
  let asked = 0;
  const body = JSON.stringify({ access_token: 'abc', token_type: 'Bearer' });
  const headers = { 'content-type': 'application/json' };
  return {
    ask: () => {
      asked += 1;
      return promise;
    },
    answer: () => resolve({ kind: 'response', response: { status: 200, headers, body, truncated: false } }),
    get asked() {
      return asked;
    },
  };
}

describe('several attempts that wait for one token', () => {
  it('get it, whether or not the one that asked waits for it any more', async () => {
    const endpoint = tokenEndpoint();
    const { ask } = endpoint;
    const authenticator = authenticatorWith(oauth2, 'secret');
    const gone = new AbortController();
    const first = authenticator.authenticate(requestOf(), momentAt(NOW, { ask, signal: gone.signal }));
    const second = authenticator.authenticate(requestOf(), momentAt(NOW, { ask }));
    gone.abort();
    expect(await first).toMatchObject({ cause: 'timeout' });
    endpoint.answer();
    expect(await second).toMatchObject({ request: { headers: { authorization: 'Bearer abc' } } });
    expect(endpoint.asked).toBe(1);
  });

  it('each wait as long as they have time themselves', async () => {
    const { ask, answer } = tokenEndpoint();
    const authenticator = authenticatorWith(oauth2, 'secret');
    const clock = new ManualClock(NOW);
    const first = authenticator.authenticate(requestOf(), momentAt(NOW, { ask, clock, leftMs: () => 100 }));
    const second = authenticator.authenticate(requestOf(), momentAt(NOW, { ask, clock, leftMs: () => 101 }));
    clock.advance(100);
    expect(await first).toMatchObject({
      cause: 'timeout',
      reason: 'no token from the token endpoint auth.example.com within what was left of the attempt, 100 ms',
    });
    answer();
    expect(await second).toMatchObject({ request: expect.anything() });
  });
});

describe('the secrets of a client', () => {
  const basic = Buffer.from('glue:s%2Dcret').toString('base64');

  it.each([
    ['client_secret_basic', ['s-cret', `Basic ${basic}`, basic]],
    ['client_secret_post', ['s-cret']],
  ])('are known in every form before %s asks for a token', (clientAuthentication, secrets) => {
    const authenticator = authenticatorWith({ ...oauth2, clientAuthentication }, 's-cret');
    expect(authenticator.secrets()).toEqual(secrets);
  });
});

describe('an endpoint cannot ask for tokens', () => {
  it.each<[string, object, string]>([
    ['without a secret of the client', { secrets: [] }, 'it has no secret to send (none is named)'],
    [
      'where the setting names no token endpoint',
      { tokenUrl: { setting: 'nothing' } },
      'the setting "nothing" of the backend holds no token endpoint: set it',
    ],
    [
      'where the setting names one with a password',
      { tokenUrl: { setting: 'url' } },
      'the setting "url" of the backend holds no token endpoint: it has a user, password or fragment',
    ],
    [
      'where the setting names no client',
      { clientId: { setting: 'nothing' } },
      'the setting "nothing" of the backend holds no client id: set it',
    ],
  ])('%s', (_why, config, reason) => {
    const settings = { url: 'https://user:hunter2@auth.example.com' };
    const make = () => authenticatorWith({ ...oauth2, ...config }, 'secret', settings);
    expect(make).toThrow(reason);
    expect(make).not.toThrow('hunter2');
  });
});
