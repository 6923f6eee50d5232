import { describe, expect, it } from '@jest/globals';
import { refusalOf, verifierOf, type Sent } from './support/verifying.js';

const secrets = [{ setting: 's' }];
const base64 = (text: string | Buffer) => Buffer.from(text).toString('base64');
const authorization = (value: string | string[]): Sent => ({ headers: { Authorization: value } });
const notThose = 'signature: the credentials are not those of the endpoint';

describe('basic (RFC 7617)', () => {
  const settings = { s: ['Aladdin:open ☃', 'newer'], user: 'from-settings' };
  const receive = (sent: Sent, username: unknown = 'glue') =>
    refusalOf({ mode: 'basic', username, secrets }, { settings }, sent);

  it.each<[string, Sent, string | undefined]>([
    ['user and password', authorization(`Basic ${base64('glue:newer')}`), undefined],
    ['a password with a colon, in UTF-8', authorization(`Basic ${base64('glue:Aladdin:open ☃')}`), undefined],
    ['the scheme in another case', authorization(`bASIC ${base64('glue:newer')}`), undefined],
    ['several blanks', authorization(`Basic   ${base64('glue:newer')}`), undefined],
    ['another password', authorization(`Basic ${base64('glue:newest')}`), notThose],
    ['another user', authorization(`Basic ${base64('glue2:newer')}`), notThose],
    ['no password', authorization(`Basic ${base64('glue:')}`), notThose],
    ['no colon', authorization(`Basic ${base64('gluenewer')}`), notThose],
    [
      'no padding',
      authorization(`Basic ${base64('glue:newer').replace(/=+$/, '')}`),
      'signature: the credentials are not base64',
    ],
    [
      'rubbish behind',
      authorization(`Basic ${base64('glue:newer')} x`),
      'signature: the credentials are not base64',
    ],
    ['nothing', authorization('Basic '), 'signature: the credentials are not base64'],
    ['the scheme alone', authorization('Basic'), 'signature: the authorization is not of the scheme basic'],
    [
      'another scheme',
      authorization('Bearer newer'),
      'signature: the authorization is not of the scheme basic',
    ],
    ['no header', {}, 'signature: the header authorization is missing'],
    [
      'a repeated header',
      authorization([`Basic ${base64('glue:newer')}`, `Basic ${base64('glue:newer')}`]),
      'signature: the header authorization is repeated',
    ],
  ])('%s', (_name, sent, expected) => {
    expect(receive(sent)).toBe(expected);
  });

  it('takes the user name from a setting', () => {
    const sent = authorization(`Basic ${base64('from-settings:newer')}`);
    expect(receive(sent, { setting: 'user' })).toBeUndefined();
    expect(() => receive(sent, { setting: 'nobody' })).toThrow(
      'the setting "nobody" of the backend holds no user name',
    );
  });

  it.each(['a:b', '', 'a\nb'])('refuses the user name %j', (username) => {
    expect(() => receive({}, username)).toThrow();
  });
});

describe('bearer (RFC 6750)', () => {
  const receive = (sent: Sent) =>
    refusalOf({ mode: 'bearer', secrets }, { settings: { s: ['mF_9.B5f-4.1JqM', 'b=='] } }, sent);

  it.each<[string, Sent, string | undefined]>([
    ['the token', authorization('Bearer mF_9.B5f-4.1JqM'), undefined],
    ['another live token', authorization('bearer b=='), undefined],
    ['another token', authorization('Bearer mF_9.B5f-4.1JqN'), notThose],
    ['a token cut short', authorization('Bearer mF_9.B5f-4.1Jq'), notThose],
    ['a token in another case', authorization('Bearer mf_9.b5f-4.1jqm'), notThose],
    ['a token and more', authorization('Bearer mF_9.B5f-4.1JqM,x'), 'signature: it is no bearer token'],
    ['no token', authorization('Bearer '), 'signature: it is no bearer token'],
    ['the scheme alone', authorization('Bearer'), 'signature: the authorization is not of the scheme bearer'],
    [
      'the token alone',
      authorization('mF_9.B5f-4.1JqM'),
      'signature: the authorization is not of the scheme bearer',
    ],
    ['no header', {}, 'signature: the header authorization is missing'],
    [
      'a repeated header',
      authorization(['Bearer b==', 'Bearer b==']),
      'signature: the header authorization is repeated',
    ],
  ])('%s', (_name, sent, expected) => {
    expect(receive(sent)).toBe(expected);
  });

  it('cannot use a secret that no header could hold', () => {
    expect(() => verifierOf({ mode: 'bearer', secrets }, { settings: { s: 'two words' } })).toThrow(
      'is no bearer token',
    );
  });
});

describe('api-key', () => {
  const settings = { s: ['k1', 'schlüssel'] };
  const receive = (key: object, sent: Sent) =>
    refusalOf({ mode: 'api-key', key, secrets }, { settings }, sent);
  const utf8 = (text: string) => Buffer.from(text).toString('latin1');
  const header = { header: 'X-API-Key' };
  const query = { query: 'key' };
  const inQuery = 'signature: the key is missing in the query, or repeated';

  it.each<[string, object, Sent, string | undefined]>([
    ['in a header', header, { headers: { 'x-api-key': 'k1' } }, undefined],
    ['in a header, in UTF-8', header, { headers: { 'x-api-key': utf8('schlüssel') } }, undefined],
    ['another in a header', header, { headers: { 'x-api-key': 'k2' } }, notThose],
    ['empty in a header', header, { headers: { 'x-api-key': '' } }, notThose],
    ['in no header', header, { url: '/?x-api-key=k1' }, 'signature: the header x-api-key is missing'],
    [
      'in a repeated header',
      header,
      { headers: { 'x-api-key': ['k1', 'k1'] } },
      'signature: the header x-api-key is repeated',
    ],
    ['behind a prefix', { header: 'authorization', prefix: 'Token ' }, authorization('Token k1'), undefined],
    [
      'without its prefix',
      { header: 'authorization', prefix: 'Token ' },
      authorization('k1'),
      'signature: the header authorization holds no key of the kind',
    ],
    ['in the query', query, { url: '/webhooks/in/x?a=1&key=k1' }, undefined],
    ['in the query, encoded', query, { url: '/webhooks/in/x?key=schl%C3%BCssel' }, undefined],
    ['another in the query', query, { url: '/webhooks/in/x?key=k2' }, notThose],
    ['not in the query', query, { url: '/webhooks/in/x', headers: { key: 'k1' } }, inQuery],
    ['repeated in the query', query, { url: '/webhooks/in/x?key=k1&key=k1' }, inQuery],
    ['badly encoded in the query', query, { url: '/webhooks/in/x?key=%' }, notThose],
  ])('%s', (_name, key, sent, expected) => {
    expect(receive(key, sent)).toBe(expected);
  });

  it.each([{}, { header: 'a', query: 'b' }, { header: 'no header' }, { query: '' }])(
    'refuses the place %j',
    (key) => {
      expect(() => receive(key, {})).toThrow();
    },
  );

  it('cannot use a secret that a header could not hold', () => {
    expect(() => verifierOf({ mode: 'api-key', key: header, secrets }, { settings: { s: ' k ' } })).toThrow(
      'blanks around it',
    );
  });
});

describe('headers that prove', () => {
  it.each<[object, string[]]>([
    [{ mode: 'hmac', preset: 'stripe', secrets }, ['stripe-signature']],
    [{ mode: 'standard-webhooks', secrets }, ['webhook-signature']],
    [{ mode: 'basic', username: 'u', secrets }, ['authorization']],
    [{ mode: 'bearer', secrets }, ['authorization']],
    [{ mode: 'api-key', key: { header: 'X-Mine' }, secrets }, ['x-mine']],
    [
      { mode: 'api-key', key: { query: 'key' }, secrets },
      [
        'referer',
        'x-original-url',
        'x-original-uri',
        'x-forwarded-uri',
        'x-forwarded-url',
        'x-rewrite-url',
        'x-envoy-original-path',
      ],
    ],
    [{ mode: 'none' }, []],
  ])('are known, so that they are never kept: %j', (verification, expected) => {
    expect(verifierOf(verification, { settings: { s: 'YWJj' } }).secretHeaders).toEqual(expected);
  });
});
