import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { attachFile, Effects, newId, type Json, type NewDelivery } from 'glue-core';
import { keyedDeliveryId } from '../src/store/content-hash.js';
import { API_KEY, openFixture, type FakeBackend, type Fixture } from './support/outbound-fixture.js';
import { onEachDatabase } from './support/test-database.js';

function endless(): object {
  const list: unknown[] = [];
  list.push(list);
  return list;
}

/** What a side offers, as code without types may call it. */
type Asked = Readonly<Record<'find' | 'get', (...all: unknown[]) => unknown>>;

onEachDatabase('queueing a delivery', (openDatabase) => {
  let fixture: Fixture;

  beforeEach(async () => {
    fixture = await openFixture(await openDatabase());
    // Paused, so that what is queued stays where it is.
    await fixture.addEndpoint('out', {}, { state: 'paused' });
  });
  afterEach(() => fixture.close());

  const queue = async (delivery: NewDelivery) =>
    (await fixture.instance().outboundEndpoint()).queueDelivery(delivery);
  const count = async (table = 'glue_deliveries') => (await fixture.database(table)).length;

  it('stores what was given and tells its id', async () => {
    const { id, endpointCode } = await queue({
      payload: { a: [1, null, 'ü'] },
      context: { n: 0, b: false, o: { x: 1 } },
      headers: { 'X-Own': '1' },
      orderingKey: 'customer-1',
    });
    expect(endpointCode).toBe('fake-1-out');
    expect(await fixture.outbound.deliveries.get(id)).toMatchObject({
      id,
      state: 'held',
      attempts: 0,
      payload: { a: [1, null, 'ü'] },
      context: { n: 0, b: false, o: { x: 1 } },
      headers: { 'x-own': '1' },
      orderingKey: 'customer-1',
      backend: fixture.backend,
      createdAt: fixture.clock.now(),
      dueAt: fixture.clock.now(),
    });
  });

  it('goes to endpoints of the own backend only, whichever one a connector says that it is', async () => {
    const fields = { type: 'fake', name: 'Other shop', settings: { apiKey: API_KEY } };
    const other = await fixture.backends.create(fields, 'test');
    await fixture.registry.refresh();
    const thief = fixture.registry.get(other) as FakeBackend & { port(token: symbol): Asked };
    Object.defineProperty(thief, 'reference', { value: fixture.backend });
    const refused = { code: 'GLUE_ENDPOINT_NOT_FOUND' };
    await expect(thief.outboundEndpoint()).rejects.toMatchObject(refused);
    const port = thief.port(Symbol.for('glue:outbound-endpoints')) as Asked;
    expect(() => port.get(fixture.backend, {})).toThrow(expect.objectContaining(refused));
    expect(port.find(fixture.backend, {})).toBeUndefined();
  });

  it('deliveries of an ordering key follow each other as they were queued, also in one millisecond', async () => {
    const queued: string[] = [];
    for (let n = 0; n < 20; n += 1) queued.push((await queue({ payload: n, orderingKey: 'k' })).id);
    const rows = await fixture.database('glue_deliveries').orderBy('arrival').select('id');
    expect(rows.map(({ id }) => id)).toEqual(queued);
  });

  describe('with an ordering key of its endpoint', () => {
    const keyed = async (source: unknown, delivery: NewDelivery) => {
      await fixture.addEndpoint('keyed', { orderingKey: source }, { state: 'paused' });
      const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'keyed' });
      const { id } = await endpoint.queueDelivery(delivery);
      return (await fixture.outbound.deliveries.get(id)).orderingKey;
    };
    const customer = { context: 'customer' };

    it.each<[string, unknown, NewDelivery, string | undefined]>([
      ['a text', 'all', {}, 'all'],
      ['a literal', { literal: 7 }, {}, '7'],
      ['a value of the context', customer, { context: { customer: 'c 1' } }, 'c 1'],
      ['zero', customer, { context: { customer: 0 } }, '0'],
      ['false', customer, { context: { customer: false } }, 'false'],
      [
        'a value of the payload, as it was queued',
        { payload: 'order.items[0].id' },
        { payload: { order: { items: [{ id: 'o-1' }] } } },
        'o-1',
      ],
      ['a header, in any case', { header: 'X-Tenant' }, { headers: { 'x-TENANT': 't1' } }, 't1'],
      ['of the endpoint', { endpoint: 'company' }, {}, 'default'],
      [
        "its own before the endpoint's",
        customer,
        { orderingKey: 'mine', context: { customer: 'c' } },
        'mine',
      ],
      ['its own where the endpoint has none for it', customer, { orderingKey: 'mine' }, 'mine'],
      ['none where an optional source has none', { ...customer, optional: true }, {}, undefined],
      [
        'none where an optional source is null',
        { ...customer, optional: true },
        { context: { customer: null } },
        undefined,
      ],
      [
        'none where an optional source is blank',
        { ...customer, optional: true },
        { context: { customer: ' ' } },
        undefined,
      ],
      [
        'a long one by its hash',
        customer,
        { context: { customer: 'x'.repeat(191) } },
        `sha256:${createHash('sha256').update('x'.repeat(191)).digest('hex')}`,
      ],
      ['as long as one may be', customer, { context: { customer: 'x'.repeat(190) } }, 'x'.repeat(190)],
    ])('has %s', async (_name, source, delivery, key) => {
      expect(await keyed(source, delivery)).toBe(key);
    });

    it.each<[string, unknown, NewDelivery, string]>([
      ['no value', customer, {}, '"customer" in the context has no value'],
      ['no payload', { payload: 'a.b' }, {}, '"a.b" in the payload has no value'],
      ['no header', { header: 'x-tenant' }, {}, 'the header "x-tenant" has no value'],
      ['null', customer, { context: { customer: null } }, '"customer" in the context is null or blank'],
      ['blank text', customer, { context: { customer: ' ' } }, '"customer" in the context is null or blank'],
      ['an object', customer, { context: { customer: {} } }, '"customer" in the context is a list or object'],
      [
        'a list, although it is optional',
        { ...customer, optional: true },
        { context: { customer: [1] } },
        '"customer" in the context is a list or object',
      ],
    ])('is refused where that gives %s', async (_name, source, delivery, problem) => {
      await expect(keyed(source, delivery)).rejects.toMatchObject({
        code: 'GLUE_DELIVERY_INVALID',
        problems: [`orderingKey: ${problem}, which gives the endpoint's deliveries their ordering key`],
      });
      expect(await count()).toBe(0);
    });

    it('has it as a draft too, and when it is the same delivery again', async () => {
      const delivery = { context: { customer: 'c1' }, idempotencyKey: 'once', draft: true };
      expect(await keyed(customer, delivery)).toBe('c1');
      const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'keyed' });
      const { id } = await endpoint.queueDelivery(delivery);
      await endpoint.queueDraft(id);
      expect(await fixture.database('glue_deliveries')).toMatchObject([
        { id, ordering_key: 'c1', open_key: 'c1' },
      ]);
    });
  });

  it.each<[string, object]>([
    ['null', { payload: null }],
    ['false', { payload: false }],
    ['an empty text', { payload: '' }],
    ['nothing', {}],
  ])('keeps a payload that is %s', async (_name, delivery) => {
    const { id } = await queue(delivery);
    const stored = await fixture.outbound.deliveries.get(id);
    expect('payload' in stored ? { payload: stored.payload } : {}).toEqual(delivery);
  });

  it('gives the same delivery for the same key and content', async () => {
    const first = await queue({ payload: { a: 1, b: 2 }, context: { c: 1 }, idempotencyKey: 'k' });
    const again = await queue({ payload: { b: 2, a: 1 }, context: { c: 1 }, idempotencyKey: 'k' });
    expect(again).toEqual(first);
    expect([await count(), await count('glue_delivery_payloads')]).toEqual([1, 1]);
  });

  it('keeps members whose names mean something to JavaScript, and a file', async () => {
    const payload = JSON.parse('{"__proto__":{"admin":true},"constructor":1}') as Json;
    const context = { file: attachFile(Buffer.from([0, 255])) };
    const { id } = await queue({ payload, context });
    const stored = await fixture.outbound.deliveries.get(id);
    expect(JSON.stringify([stored.payload, stored.context])).toBe(
      '[{"__proto__":{"admin":true},"constructor":1},{"file":{"$file":{"base64":"AP8="}}}]',
    );
  });

  it.each<[string, NewDelivery]>([
    ['payload', { payload: { a: 2 } }],
    ['a file', { payload: { a: attachFile(Buffer.from('1')) } }],
    ['a member named __proto__', { payload: JSON.parse('{"a":1,"__proto__":1}') as Json }],
    ['no payload', {}],
    ['context', { payload: { a: 1 }, context: { c: 1 } }],
    ['headers', { payload: { a: 1 }, headers: { x: '1' } }],
  ])('refuses the same key with other content: %s', async (_name, other) => {
    await queue({ payload: { a: 1 }, idempotencyKey: 'k' });
    await expect(queue({ ...other, idempotencyKey: 'k' })).rejects.toMatchObject({
      code: 'GLUE_DELIVERY_CONFLICT',
      message: expect.stringContaining('"k"'),
    });
    expect(await count()).toBe(1);
  });

  it('takes keys that differ in case for different keys', async () => {
    await queue({ payload: 1, idempotencyKey: 'k' });
    await queue({ payload: 2, idempotencyKey: 'K' });
    expect(await count()).toBe(2);
  });

  it('takes the key out of the context, and puts it there', async () => {
    const first = await queue({ idempotencyKey: 'k', context: { operation: 'refund' } });
    const again = await queue({ context: { idempotency_key: 'k', operation: 'refund' } });
    expect(again).toEqual(first);
    expect(await fixture.outbound.deliveries.get(first.id)).toMatchObject({
      idempotencyKey: 'k',
      context: { idempotency_key: 'k', operation: 'refund' },
    });
  });

  it.each<[string, object, string]>([
    ['a reserved context key that is no text', { context: { binding_id: 7 } }, 'context.binding_id'],
    ['two different keys', { idempotencyKey: 'a', context: { idempotency_key: 'b' } }, 'idempotency_key'],
    ['a reserved header', { headers: { host: 'x' } }, '"host"'],
    ['a header value with a line break', { headers: { x: 'a\nb' } }, '"x"'],
    ['a payload that is no JSON', { payload: { at: new Date(0) } }, 'payload'],
    ['a number that JSON cannot hold', { payload: { n: Number.NaN } }, 'payload'],
    ['an empty key', { idempotencyKey: '' }, 'idempotencyKey'],
    ['a time that is none', { sendAt: 1.5 }, 'sendAt'],
    ['an unknown field', { body: 'x' }, 'body'],
    ['more than fits', { payload: 'ü'.repeat(4_000_001) }, 'at most 8000000'],
    ['a member that is undefined', { payload: { a: [{ b: undefined }] } }, 'payload.a.0.b'],
    ['a hole in a list', { payload: Array(1) }, 'payload.0'],
    ['an endless payload', { payload: endless() }, 'deeper than 500'],
    ['a context that is a list', { context: [] }, 'context: must be an object'],
    ['a context that is null', { context: null }, 'context: must be an object'],
    ['a context with a Map', { context: { map: new Map() } }, 'context.map'],
  ])('refuses %s, saying where', async (_name, delivery, words) => {
    await expect(queue(delivery)).rejects.toMatchObject({
      code: 'GLUE_DELIVERY_INVALID',
      problems: [expect.stringContaining(words)],
    });
    expect(await count()).toBe(0);
  });

  it("commits with the caller's transaction, or not at all", async () => {
    const endpoint = await fixture.instance().outboundEndpoint();
    await fixture.database.transaction((transaction) => endpoint.queueDelivery({ payload: 1, transaction }));
    const failing = fixture.database.transaction(async (transaction) => {
      await endpoint.queueDelivery({ payload: 2, transaction });
      throw new Error('changed my mind');
    });
    await expect(failing).rejects.toThrow('changed my mind');
    const { deliveries } = await fixture.outbound.deliveries.list();
    expect(deliveries).toHaveLength(1);
    expect(await count('glue_delivery_payloads')).toBe(1);
  });

  describe('in a handler', () => {
    const gateway = (effects: Effects) => fixture.outbound.port.gatewayFor(fixture.backend, effects);

    it('writes nothing until the outcome is written, and tells the id before', async () => {
      const effects = new Effects();
      const endpoint = await gateway(effects).outboundEndpoint({ codeSuffix: 'out' });
      const { id } = await endpoint.queueDelivery({ payload: 1 });
      expect(await count()).toBe(0);
      await fixture.database.transaction((trx) => Effects.write(trx, [effects]));
      expect((await fixture.outbound.deliveries.get(id)).payload).toBe(1);
    });

    it('takes equal keys of several handlers in one group for one delivery', async () => {
      const all = [new Effects(), new Effects(), new Effects()];
      const ids = new Set<string>();
      for (const effects of all) {
        const endpoint = await gateway(effects).outboundEndpoint();
        for (const payload of ['same', 'same']) {
          ids.add((await endpoint.queueDelivery({ payload, idempotencyKey: 'k' })).id);
        }
        await endpoint.queueDelivery({ payload: 'own' });
      }
      await fixture.database.transaction((trx) => Effects.write(trx, all));
      expect([ids.size, await count(), await count('glue_delivery_payloads')]).toEqual([1, 4, 4]);
    });

    it('refuses a whole transaction for one conflict, so that the outcome is not written either', async () => {
      await queue({ payload: 'first', idempotencyKey: 'k' });
      const effects = new Effects();
      const endpoint = await gateway(effects).outboundEndpoint();
      await endpoint.queueDelivery({ payload: 'fine' });
      await endpoint.queueDelivery({ payload: 'other', idempotencyKey: 'k' });
      const writing = fixture.database.transaction((trx) => Effects.write(trx, [effects]));
      await expect(writing).rejects.toMatchObject({ code: 'GLUE_DELIVERY_CONFLICT' });
      expect(await count()).toBe(1);
    });

    it('writes many at once', async () => {
      const effects = new Effects();
      const endpoint = await gateway(effects).outboundEndpoint();
      for (let index = 0; index < 130; index += 1)
        await endpoint.queueDelivery({ payload: 'x'.repeat(40_000), idempotencyKey: `k${index}` });
      await fixture.database.transaction((trx) => Effects.write(trx, [effects]));
      expect([await count(), await count('glue_delivery_payloads')]).toEqual([130, 130]);
    });
  });

  it('finds only endpoints of the asking backend, and may find none', async () => {
    const { id } = await fixture.backends.create(
      { type: 'fake', name: 'Other', settings: { apiKey: 'another-key-of-the-shop' } },
      'test',
    );
    const effects = new Effects();
    const other = fixture.outbound.port.gatewayFor({ type: 'fake', id }, effects);
    await expect(other.outboundEndpoint({ code: 'fake-1-out' })).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_NOT_FOUND',
    });
    expect(
      await fixture.instance().outboundEndpoint({ codeSuffix: 'none', required: false }),
    ).toBeUndefined();
    await expect(fixture.instance().outboundEndpoint({ codeSuffix: 'none' })).rejects.toThrow('"none"');
  });

  it('lists newest first, by pages', async () => {
    const ids: string[] = [];
    for (const payload of [1, 2, 3]) ids.push((await queue({ payload, idempotencyKey: `k${payload}` })).id);
    const first = await fixture.outbound.deliveries.list({ backend: fixture.backend }, { limit: 2 });
    expect(first.deliveries.map(({ id }) => id)).toEqual([ids[2], ids[1]]);
    const next = await fixture.outbound.deliveries.list(
      {},
      { limit: 2, ...(first.cursor && { after: first.cursor }) },
    );
    expect(next).toEqual({ deliveries: [expect.objectContaining({ id: ids[0] })] });
    await expect(fixture.outbound.deliveries.get(newId())).rejects.toMatchObject({
      code: 'GLUE_DELIVERY_NOT_FOUND',
    });
  });
});

describe('the id of a delivery with a key', () => {
  it('is a UUID of version 8 that depends on endpoint and key', () => {
    const id = keyedDeliveryId(1, 'k');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(
      new Set([id, keyedDeliveryId(1, 'k'), keyedDeliveryId(2, 'k'), keyedDeliveryId(1, 'K')]).size,
    ).toBe(3);
  });
});
