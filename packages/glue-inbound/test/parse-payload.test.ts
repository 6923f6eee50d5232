import { describe, expect, it } from '@jest/globals';
import { parsePayload, type Payload } from '../src/receive/parse-payload.js';
import { Refusal } from '../src/receive/refusal.js';
import { read } from './support/identifying.js';

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

  it('leaves a byte order mark out, of UTF-8 only', () => {
    expect(parsePayload('object', Buffer.from('\ufeff{"a":1}'))).toEqual({
      document: { a: 1 },
      json: '{"a":1}',
    });
    for (const encoding of ['utf16le', 'utf16be'] as const) {
      const bytes = Buffer.from('\ufeff{"a":1}', 'utf16le');
      expect(parsePayload('json', encoding === 'utf16be' ? bytes.swap16() : bytes)).toBeInstanceOf(Refusal);
    }
    expect(parsePayload('json', Buffer.from('\ufeff\ufeff{}'))).toBeInstanceOf(Refusal);
  });

  it('takes the last of equal names, and __proto__ for a name like any other', () => {
    const { document } = parsePayload('json', Buffer.from('{"a":1,"a":2,"__proto__":{"b":3}}')) as Payload;
    expect(document).toMatchObject({ a: 2 });
    expect(Object.getPrototypeOf(document)).toBe(Object.prototype);
    expect(({} as { b?: number }).b).toBeUndefined();
  });

  it.each([
    ['lists', '[', ']'],
    ['objects', '{"a":', '}'],
  ])('takes a body with 150,000 levels of %s within a second, numbers as written', (_name, open, close) => {
    const levels = 150_000;
    const deep = `{"deep":${open.repeat(levels)}1.0${close.repeat(levels)},"id":1e400}`;
    const startedAt = performance.now();
    expect(read([{ json: 'id' }], { body: deep })).toBe('1e400');
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });

  it.each(['[', '{"a":', '"\\'])('refuses 900,000 times %s within a second', (piece) => {
    const startedAt = performance.now();
    expect(parsePayload('json', Buffer.from(piece.repeat(900_000)))).toBeInstanceOf(Refusal);
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});
