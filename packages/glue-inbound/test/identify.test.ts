import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inboundConfigSchema } from '../src/endpoint/inbound-config.js';
import { parseJsonPath, readJsonPath } from '../src/endpoint/json-path.js';
import { boundedKey, identify } from '../src/receive/identify.js';
import { parsePayload } from '../src/receive/parse-payload.js';
import { Refusal } from '../src/receive/refusal.js';
import type { ConfigInput } from './support/inbound-fixture.js';

const text =
  '{"id":"evt_1","n":0,"no":false,"none":null,"blank":" ","list":[{"id":7}],"a.b":"dotted","big":12345678901234567891}';

function identityOf(config: Omit<ConfigInput, 'verification'>, body = text) {
  const parsed = inboundConfigSchema.parse({ verification: { mode: 'none' }, ...config });
  const payload = parsePayload(parsed.payload, Buffer.from(body));
  if (payload instanceof Refusal) return payload;
  return identify(parsed, {
    headers: { 'x-topic': ['orders/create'], 'x-parts': ['a=1, b=2,b=3'], 'x-twice': ['1', '2'] },
    url: '/webhooks/in/x?tenant=acme%20co&empty=',
    body: Buffer.from(body),
    ...payload,
  });
}

const sha256 = (content: string) => createHash('sha256').update(content).digest('hex');

describe('semantics', () => {
  it.each<[string, NonNullable<ConfigInput['semantics']>['topic'], string | undefined]>([
    ['a header, by any case of its name', [{ header: 'X-Topic' }], 'orders/create'],
    ['a named part of a header', [{ header: 'x-parts', part: 'b' }], '2'],
    ['a repeated header', [{ header: 'x-twice' }], undefined],
    ['a JSON path', [{ json: 'id' }], 'evt_1'],
    ['an index in a list', [{ json: 'list[0].id' }], '7'],
    ['a name with a dot', [{ json: '$["a.b"]' }], 'dotted'],
    ['zero', [{ json: 'n' }], '0'],
    ['false', [{ json: 'no' }], 'false'],
    ['null, then the next source', [{ json: 'none' }, { literal: 'fallback' }], 'fallback'],
    ['blank text, then the next source', [{ json: 'blank' }, { json: 'id' }], 'evt_1'],
    ['an object, then nothing', [{ json: 'list[0]' }], undefined],
    ['what objects inherit', [{ json: 'constructor.name' }], undefined],
    ['the length of a list', [{ json: 'list.length' }], undefined],
    ['a number that JavaScript would round', [{ json: 'big' }], '12345678901234567891'],
    ['a query value', [{ query: 'tenant' }], 'acme co'],
    ['an empty query value', [{ query: 'empty' }], undefined],
    ['the hash of the body', [{ body: 'sha256' }], sha256(text)],
  ])('reads %s', (_name, topic, expected) => {
    expect(identityOf({ semantics: { topic } })).toMatchObject({
      semantics: expected === undefined ? {} : { topic: expected },
    });
  });
});

describe('identity', () => {
  it('is the hash of the body unless something else is said', () => {
    expect(identityOf({})).toMatchObject({ deliveryKeySource: 'body_sha256', deliveryKey: sha256(text) });
  });

  it('takes delivery, replay and ordering keys from where they are said to be', () => {
    const identity = identityOf({
      semantics: { delivery_id: [{ json: 'id' }], event_id: [{ json: 'list[0].id' }] },
      identity: { delivery: 'delivery_id', replay: 'event_id' },
      orderingKey: [{ header: 'x-parts', part: 'a' }],
    });
    expect(identity).toMatchObject({
      deliveryKey: 'evt_1',
      deliveryKeySource: 'delivery_id',
      replayKey: '7',
      orderingKey: '1',
    });
  });

  it('refuses a request without the value that identifies deliveries', () => {
    const identity = identityOf({
      semantics: { idempotency_key: [{ header: 'idempotency-key' }] },
      identity: { delivery: 'idempotency_key' },
    });
    expect(identity).toMatchObject({ cause: 'validation' });
  });

  it('goes without a replay or ordering key that the request does not have', () => {
    const identity = identityOf({
      semantics: { event_id: [{ json: 'missing' }] },
      identity: { replay: 'event_id' },
      orderingKey: [{ json: 'missing' }],
    });
    expect(identity).not.toHaveProperty('replayKey');
    expect(identity).not.toHaveProperty('orderingKey');
  });

  it.each([
    ['delivery', { delivery: 'delivery_id' }],
    ['replay', { replay: 'event_id' }],
  ])('asks for the source of the %s identity in the configuration', (name, identity) => {
    const parsed = inboundConfigSchema.safeParse({ verification: { mode: 'none' }, identity });
    expect(parsed.error?.issues).toMatchObject([{ path: ['identity', name] }]);
  });

  it('keeps different keys different, whatever a database takes for equal', () => {
    expect(boundedKey('evt_1')).toBe('evt_1');
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        const [one, other] = [boundedKey(a), boundedKey(b)];
        expect(one === other).toBe(a === b);
        expect(one).toMatch(/^[\x21-\x7e]{1,128}$/);
      }),
    );
    expect(new Set(['evt_\ud800', 'evt_\ud801', 'evt_\ufffd'].map(boundedKey)).size).toBe(3);
    expect(boundedKey('x'.repeat(129))).not.toBe(boundedKey('x'.repeat(130)));
  });
});

describe('the payload contract', () => {
  it.each([
    ['object', '{"a":1}', undefined],
    ['object', '[1]', 'payload'],
    ['object', 'null', 'payload'],
    ['object', '', 'payload'],
    ['json', '[1]', undefined],
    ['json', '"text"', undefined],
    ['json', '{"a":1', 'payload'],
    ['json', '{} {}', 'payload'],
    ['raw', 'anything', undefined],
    ['raw', '', undefined],
  ] as const)('%s, given %s', (contract, body, cause) => {
    const payload = parsePayload(contract, Buffer.from(body));
    expect(payload instanceof Refusal ? payload.cause : undefined).toBe(cause);
  });

  it('refuses bytes that are no UTF-8', () => {
    expect(parsePayload('json', Buffer.from([0x22, 0xff, 0x22]))).toMatchObject({ cause: 'payload' });
  });

  it('takes a body with a hundred thousand levels', () => {
    const deep = Buffer.from('['.repeat(100_000) + ']'.repeat(100_000));
    expect(parsePayload('json', deep)).toHaveProperty('document');
    const deepWithDigits = Buffer.from(`[12345678901234567890,${'['.repeat(10_000)}${']'.repeat(10_000)}]`);
    expect(parsePayload('json', deepWithDigits)).toHaveProperty('document');
  });
});

describe('a JSON path', () => {
  it.each([
    ['id', ['id']],
    ['$.id', ['id']],
    ['data.object.id', ['data', 'object', 'id']],
    ['a[0][1].b', ['a', 0, 1, 'b']],
    ['$[0]', [0]],
    ['["a\\"b"].c', ['a"b', 'c']],
    ['$ref', ['$ref']],
  ])('%s', (path, steps) => expect(parseJsonPath(path)).toEqual(steps));

  it.each(['', '$', '.a', 'a.', 'a..b', 'a[', 'a[-1]', 'a[x]', 'a b', 'a[0]b', '$.', "a['b']", '["\\x"]'])(
    'refuses %j',
    (path) => expect(parseJsonPath(path)).toBeUndefined(),
  );

  it('reads what is there and never throws', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.array(fc.oneof(fc.string(), fc.nat(3))), (document, path) => {
        const expected = path.reduce<unknown>((value, key) => {
          if (typeof value !== 'object' || value === null) return undefined;
          if (typeof key === 'number' && !Array.isArray(value)) return undefined;
          return Object.getOwnPropertyDescriptor(value, key)?.value as unknown;
        }, document);
        expect(readJsonPath(document, path)).toEqual(expected);
      }),
    );
  });
});
