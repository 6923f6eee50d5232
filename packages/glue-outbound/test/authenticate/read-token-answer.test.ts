import { describe, expect, it } from '@jest/globals';
import { readTokenAnswer } from '../../src/authenticate/read-token-answer.js';

const read = (body: object | string, more: { status?: number; type?: string; after?: string } = {}) =>
  readTokenAnswer(
    {
      status: more.status ?? 200,
      headers: { 'content-type': more.type ?? 'application/json', 'retry-after': more.after ?? '' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
      truncated: false,
    },
    { where: 'the token endpoint x', begunAtMs: 1_000, nowMs: 0 },
  );
const token = { access_token: 'abc', token_type: 'Bearer' };

describe('a token', () => {
  it.each<[unknown, number]>([
    [undefined, Infinity],
    [null, Infinity],
    [3_600, 3_571_000],
    ['3600', 3_571_000],
    [120, 91_000],
    [60, 46_000],
    [1, 1_750],
    [0, 1_000],
  ])('that ends in %j seconds is used until %d ms', async (expires_in, usableUntilMs) => {
    expect(await read({ ...token, expires_in })).toEqual({ value: 'abc', usableUntilMs });
  });

  it('may have 8,192 characters', async () => {
    const value = 'a'.repeat(8_192);
    expect(await read({ ...token, access_token: value })).toMatchObject({ value });
  });

  it.each<[string, object]>([
    ['an ID token that nobody asked for', { id_token: 'x.y.z' }],
    ['null for what is absent', { refresh_token: null, scope: null, id_token: null }],
    ['scopes in a list', { scope: ['a'] }],
    ['a kind in another case', { token_type: 'BEARER' }],
  ])('may come with %s', async (_what, more) => {
    expect(await read({ ...token, ...more })).toMatchObject({ value: 'abc' });
  });
});

describe('no token', () => {
  it.each<[string, Parameters<typeof read>, object]>([
    ['for being busy', [{}, { status: 503, after: '7' }], { cause: 'http_5xx', seconds: 7 }],
    ['for being asked too often', [{}, { status: 429, after: '7' }], { cause: 'throttled', seconds: 7 }],
    ['for the time being', [{}, { status: 408 }], { cause: 'http_4xx' }],
    ['for a page', ['<html>', { type: 'text/html' }], { cause: 'protocol' }],
    [
      'for one that no header holds',
      [{ ...token, access_token: 'a'.repeat(8_193) }],
      {
        cause: 'too_large',
        reason:
          'the token endpoint x answered 200 with a token of 8193 characters, and no more than 8192 are sent',
      },
    ],
    [
      'for a client that is unknown',
      [{ error: 'invalid_client' }, { status: 401 }],
      { cause: 'internal', reason: 'the token endpoint x answered 401: invalid_client' },
    ],
    [
      'for a scope that is unknown, with 200',
      [{ error: 'invalid_scope', error_description: 'no such scope' }],
      { cause: 'internal', reason: 'the token endpoint x answered 200: invalid_scope, no such scope' },
    ],
    [
      'for an error that is no text for people',
      [{ error: 'a\u001b[2J', error_description: 'x'.repeat(1_001) }, { status: 400 }],
      { cause: 'internal', reason: 'the token endpoint x answered 400: an error without a name' },
    ],
    [
      'for a reason that is no JSON',
      ['Forbidden', { status: 403, type: 'text/plain' }],
      { cause: 'internal', reason: 'the token endpoint x answered 403' },
    ],
  ])('%s', async (_why, [body, more], expected) => {
    expect(await read(body, more)).toMatchObject(expected);
  });
});
