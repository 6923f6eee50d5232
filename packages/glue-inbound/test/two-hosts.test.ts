import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ConnectorBackend, type BackendView, type EndpointStore } from 'glue-core';
import type { InboundEndpointConfig } from '../src/endpoint/endpoint-config.js';
import { describeEachDatabase, type TestDatabase } from './support/databases.js';
import { post, shopSettings, startInbound, type Fixture } from './support/inbound-fixture.js';

class ShopBackend extends ConnectorBackend {
  static readonly type = 'shop';
  static readonly settings = shopSettings;
}

/** What began within the second is through after a few requests; so many mean that nothing changes. */
const MANY = 200;

describeEachDatabase('of two hosts on one database', (make) => {
  let place: TestDatabase;
  let one: Fixture;
  let other: Fixture;
  let endpoints: EndpointStore<InboundEndpointConfig>;
  let shop: BackendView;
  let code: string;

  beforeEach(async () => {
    place = await make();
    const shared = { database: place.database, classes: [ShopBackend] };
    one = await startInbound({ ...shared, hostName: 'one' });
    other = await startInbound({ ...shared, hostName: 'other' });
    endpoints = one.inbound.endpoints;
    shop = await one.backends.create({ type: 'shop', name: 'Shop', settings: { webhookSecret: 'x' } }, 'ann');
    await endpoints.create({ code: 'a', config: { verification: { mode: 'bearer' } } }, 'ann');
    await endpoints.secrets.add('a', { value: 'first' }, 'ann');
    ({ code } = await endpoints.link('a', shop, 'ann'));
    await endpoints.setState(code, 'active', 'ann');
    await other.changeFeed.start();
  });

  afterEach(async () => {
    await one.stop();
    await other.stop();
    await place.remove();
  });

  const ask = async (token: string) =>
    (await post(`${other.url}/webhooks/in/a`, '{}', { authorization: `Bearer ${token}` })).status;

  type Change = (store: typeof endpoints) => Promise<unknown>;
  const changes: [string, Change, { token: string; before: number; after: number }][] = [
    [
      'is deactivated',
      (store) => store.setState(code, 'draft', 'ann'),
      { token: 'first', before: 202, after: 404 },
    ],
    [
      'is edited',
      (store) => store.edit(code, { config: { limits: { maxBytes: 1 } } }, 'ann'),
      { token: 'first', before: 202, after: 413 },
    ],
    [
      'gets another secret',
      (store) => store.secrets.add(code, { value: 'second' }, 'ann'),
      { token: 'second', before: 401, after: 202 },
    ],
    [
      'loses a secret',
      (store) => store.secrets.rotate(code, { overlapMs: 0 }, 'ann'),
      { token: 'first', before: 202, after: 401 },
    ],
    [
      'has its backend disabled',
      () => one.backends.update(shop, { active: false }, 'ann'),
      { token: 'first', before: 202, after: 503 },
    ],
  ];

  it.each(changes)(
    'the other answers by the new within a second when an endpoint %s on the one',
    async (_what, change, { token, before, after }) => {
      await change(endpoints);
      expect(await ask(token)).toBe(before);
      other.clock.advance(1_000);
      let status = before;
      for (let asked = 0; status === before && asked < MANY; asked += 1) status = await ask(token);
      expect(status).toBe(after);
    },
  );
});
