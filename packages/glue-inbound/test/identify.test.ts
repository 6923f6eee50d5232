import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { inboundEndpointConfigSchema } from '../src/endpoint/endpoint-config.js';
import { boundedKey } from '../src/receive/identify.js';
import { body, identityOf, sha256 } from './support/identifying.js';

describe('identity', () => {
  it('is the hash of the body unless something else is said', () => {
    expect(identityOf({})).toMatchObject({ deliveryKeySource: 'body_sha256', deliveryKey: sha256(body) });
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
    const parsed = inboundEndpointConfigSchema.safeParse({ verification: { mode: 'none' }, identity });
    expect(parsed.error?.issues).toMatchObject([{ path: ['identity', name] }]);
  });

  it('keeps different keys different, whatever a database takes for equal', () => {
    expect(boundedKey('evt_1')).toBe('evt_1');
    const ofOther = boundedKey('evt with blanks');
    expect(boundedKey(ofOther)).not.toBe(ofOther);
    expect(boundedKey('replay:01a20e20')).toMatch(/^sha256:/);
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
