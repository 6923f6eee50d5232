import { afterEach, beforeEach, expect, it, test } from '@jest/globals';
import type { BackendView } from '../src/backend/backend-record.js';
import { SecretBox } from '../src/crypto/secret-box.js';
import type { Database } from '../src/database/database.js';
import type { EndpointStore, EndpointStoreOptions } from '../src/endpoint/endpoint-store.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { auditOf } from './support/rows.js';
import { apiKey, openShop, type Shop } from './support/shop-connector.js';
import { endpointStore, makeEndpointTables, type Config } from './support/shop-endpoints.js';

/** A side whose endpoints need a note and, when closed, a secret; and their backend, when they have one. */
const findProblems =
  ({ registry }: Shop): EndpointStoreOptions<Config>['findProblems'] =>
  ({ config, backend }, secrets) => {
    const lookup = backend && registry.find(backend);
    return [
      ...(config.note === undefined ? ['there is no note'] : []),
      ...(config.mode === 'closed' && secrets.length === 0 ? ['there is no secret'] : []),
      ...(lookup && lookup.state !== 'ready' ? [`the backend is ${lookup.state}`] : []),
    ];
  };

const HOUR = 3_600_000;
const complete = { mode: 'closed', note: 'x' };

describeEachDatabase('an endpoint is active only as long as it is complete', (openDatabase) => {
  let database: Database;
  let host: Shop;
  let endpoints: EndpointStore<Config>;
  let shop: BackendView;

  beforeEach(async () => {
    database = await openDatabase();
    await makeEndpointTables(database);
    host = openShop(database);
    endpoints = storeOf();
    shop = await host.store.create({ type: 'shop', name: 'Shop', settings: { apiKey } }, 'ann');
  });

  afterEach(() => database.destroy());

  const storeOf = (box?: SecretBox) =>
    endpointStore(database, host.clock, 'inbound', {
      registry: host.registry,
      findProblems: findProblems(host),
      ...(box && { box }),
    });
  const incomplete = (...problems: string[]) => ({ code: 'GLUE_ENDPOINT_INCOMPLETE', problems });

  async function makeActive(code = 'a'): Promise<string> {
    await endpoints.create({ code, config: complete }, 'ann');
    const { id } = await endpoints.secrets.add(code, {}, 'ann');
    await endpoints.setState(code, 'active', 'ann');
    return id;
  }

  it('is not activated with anything missing, and says all of it at once', async () => {
    await endpoints.create({ code: 'a', config: { mode: 'closed' } }, 'ann');
    const problems = ['there is no note', 'there is no secret'];
    expect(await endpoints.getByCode('a')).toMatchObject({ state: 'draft', problems });
    await expect(endpoints.setState('a', 'active', 'ann')).rejects.toMatchObject({
      ...incomplete(...problems),
      message: 'inbound endpoint "a" cannot be active',
    });
    await endpoints.edit('a', { config: { note: 'x' } }, 'ann');
    await endpoints.secrets.add('a', {}, 'ann');
    expect(await endpoints.setState('a', 'active', 'ann')).toMatchObject({ state: 'active', problems: [] });
  });

  it('is not created active with anything missing', async () => {
    await expect(endpoints.create({ code: 'a', state: 'active' }, 'ann')).rejects.toMatchObject(
      incomplete('there is no note'),
    );
    expect(await endpoints.list()).toEqual([]);
  });

  it('is edited as a draft whatever is missing', async () => {
    await endpoints.create({ code: 'a' }, 'ann');
    expect(await endpoints.edit('a', { config: { mode: 'closed' } }, 'ann')).toMatchObject({
      problems: ['there is no note', 'there is no secret'],
    });
    expect(await endpoints.setState('a', 'archived', 'ann')).toMatchObject({ state: 'archived' });
  });

  it('is checked as a whole at every edit while it is active', async () => {
    await makeActive();
    const before = await endpoints.getByCode('a');
    await expect(endpoints.edit('a', { config: { note: null } }, 'ann')).rejects.toMatchObject(
      incomplete('there is no note'),
    );
    expect(await endpoints.getByCode('a')).toEqual(before);
    expect(await endpoints.edit('a', { config: { note: 'y' } }, 'ann')).toMatchObject({ version: 3 });
  });

  it('shows by what it was broken since, and is not edited before that is mended', async () => {
    await makeActive();
    const { code } = await endpoints.link('a', shop, 'ann');
    await host.store.update(shop, { active: false }, 'ann');
    await host.registry.refresh();
    const problems = ['the backend is inactive'];
    expect(await endpoints.getByCode(code)).toMatchObject({ state: 'active', problems });
    expect(await endpoints.list()).toMatchObject([{ state: 'active', problems }]);
    await expect(endpoints.edit(code, { name: 'N' }, 'ann')).rejects.toMatchObject(incomplete(...problems));
    expect(await endpoints.unlink(code, 'ann')).toMatchObject({ problems: [] });
  });

  it('sees the backend as it is now, whatever this process knew of it', async () => {
    await endpoints.create({ backend: { type: 'shop', id: shop.id }, config: { note: 'x' } }, 'ann');
    await openShop(database).store.update(shop, { active: false }, 'bob');
    await expect(endpoints.setState(`shop-${shop.id}-inbound`, 'active', 'ann')).rejects.toMatchObject(
      incomplete('the backend is inactive'),
    );
  });

  it('keeps the last secret that it needs, and says how to be rid of it', async () => {
    const id = await makeActive();
    await expect(endpoints.secrets.remove('a', id, 'ann')).rejects.toMatchObject({
      ...incomplete('there is no secret'),
      message:
        'inbound endpoint "a" is active and would break: add or rotate a secret first, or make the endpoint a draft',
    });
    expect(await endpoints.secrets.list('a')).toHaveLength(1);
    expect((await auditOf(database)).at(-1)).toMatchObject({ action: 'endpoint.state' });

    const { added } = await endpoints.secrets.rotate('a', { overlapMs: 0 }, 'ann');
    await endpoints.secrets.remove('a', id, 'ann');
    await endpoints.setState('a', 'draft', 'ann');
    await endpoints.secrets.remove('a', added.id, 'ann');
    expect(await endpoints.secrets.list('a')).toEqual([]);
  });

  test.each<[string, object]>([
    ['ended', { notAfter: -1 }],
    ['has not begun', { notBefore: HOUR }],
  ])('needs a secret that counts now: not one that %s', async (_when, window) => {
    await makeActive();
    const shifted = Object.entries(window as Record<string, number>).map(([end, ms]) => [
      end,
      ms + host.clock.now(),
    ]);
    await endpoints.secrets.add('a', Object.fromEntries(shifted) as object, 'ann');
    const live = (await endpoints.secrets.list('a')).find((secret) => secret.live)?.id ?? '';
    await expect(endpoints.secrets.remove('a', live, 'ann')).rejects.toEqual(
      refusal('GLUE_ENDPOINT_INCOMPLETE'),
    );
  });

  it('gives up a secret that it does not need, and one of many', async () => {
    await endpoints.create({ code: 'a', config: { note: 'x' }, state: 'active' }, 'ann');
    const { id } = await endpoints.secrets.add('a', {}, 'ann');
    await endpoints.secrets.remove('a', id, 'ann');
    const first = await makeActive('b');
    await endpoints.secrets.add('b', {}, 'ann');
    await endpoints.secrets.remove('b', first, 'ann');
    expect(await endpoints.list()).toMatchObject([{ problems: [] }, { problems: [] }]);
  });

  it('gives up a secret that leaked while it is broken by something else', async () => {
    const id = await makeActive();
    const { code } = await endpoints.link('a', shop, 'ann');
    await host.store.update(shop, { active: false }, 'ann');
    await host.registry.refresh();
    await endpoints.secrets.remove(code, id, 'ann');
    expect(await endpoints.secrets.list(code)).toEqual([]);
  });

  it('names the secrets that do not open, of this endpoint only', async () => {
    const id = await makeActive();
    const closed = storeOf(new SecretBox(Buffer.alloc(32, 9)));
    await closed.create({ code: 'b', config: { note: 'x' } }, 'ann');
    expect(await closed.list()).toMatchObject([
      {
        code: 'a',
        problems: [
          expect.stringContaining(`secret ${id} of inbound endpoint "a" does not open: `),
          'there is no secret',
        ],
      },
      { code: 'b', problems: [] },
    ]);
  });
});
