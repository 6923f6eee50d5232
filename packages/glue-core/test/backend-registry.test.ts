import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { BackendRegistry } from '../src/backend/backend-registry.js';
import type { BackendView } from '../src/backend/backend-record.js';
import { attachBackend, ConnectorBackend } from '../src/backend/connector-backend.js';
import { coreMigrations } from '../src/database/core-migrations.js';
import type { Database } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { apiKey, loggerTo, openShop, ShopBackend, type Shop } from './support/shop-connector.js';

describeEachDatabase('the backend registry', (openDatabase) => {
  let database: Database;
  let host: Shop;
  let shop: BackendView;

  beforeEach(async () => {
    database = await openDatabase();
    await migrate(database, coreMigrations);
    host = openShop(database);
    shop = await host.store.create({ type: 'shop', name: 'Shop EU', settings: { apiKey } }, 'ann');
  });

  afterEach(() => database.destroy());

  function instance(): ShopBackend {
    const backend = host.registry.get(shop);
    if (!(backend instanceof ShopBackend)) throw new Error('no shop');
    return backend;
  }

  it('gives each record an instance of its class, with its fields and clear settings', async () => {
    const other = await host.store.create({ type: 'shop', name: 'Other', settings: { apiKey } }, 'ann');
    await host.registry.refresh();
    const backend = instance();
    expect(host.registry.find(shop)).toMatchObject({ state: 'ready', instance: backend });
    expect(backend).toMatchObject({
      id: shop.id,
      type: 'shop',
      code: 'shop-eu',
      name: 'Shop EU',
      company: 'default',
      reference: { type: 'shop', id: shop.id },
      settings: { apiKey, pin: null, region: 'eu' },
    });
    expect(backend.technicalPrefix()).toBe(`shop-${shop.id}`);
    expect(host.registry.get(other)).not.toBe(backend);
    expect(host.registry.secretsOf(shop)).toEqual([apiKey]);
  });

  it('keeps an instance until its record changes', async () => {
    await host.registry.refresh();
    const backend = instance();
    await host.store.create({ type: 'shop', name: 'Other', settings: { apiKey } }, 'ann');
    await host.registry.refresh();
    expect(instance()).toBe(backend);

    await host.store.update(shop, { settings: { region: 'us' } }, 'ann');
    expect(instance()).toBe(backend);
    await host.registry.refresh();
    expect(instance()).not.toBe(backend);
    expect(instance().settings.region).toBe('us');
    expect(backend.settings.region).toBe('eu');
  });

  it('says why a backend cannot work: it is missing', async () => {
    await host.registry.refresh();
    const reference = { type: 'shop', id: shop.id + 1 };
    const reason = `there is no backend shop,${reference.id}`;
    expect(host.registry.find(reference)).toEqual({ state: 'broken', reason });
    expect(host.registry.secretsOf(reference)).toEqual([]);
    expect(() => host.registry.get(reference)).toThrow(refusal('GLUE_BACKEND_NOT_FOUND', reason));
  });

  it('says why a backend cannot work: it is disabled', async () => {
    await host.store.update(shop, { active: false }, 'ann');
    await host.registry.refresh();
    expect(host.registry.find(shop)).toMatchObject({
      state: 'inactive',
      reason: 'the backend is disabled',
    });
    expect(() => host.registry.get(shop)).toThrow(
      refusal('GLUE_BACKEND_UNUSABLE', `backend shop,${shop.id} cannot be used: the backend is disabled`),
    );
    await host.store.update(shop, { active: true }, 'ann');
    await host.registry.refresh();
    expect(instance().code).toBe('shop-eu');
  });

  it('says why a backend cannot work: its connector is not enabled', async () => {
    await database('glue_backends').where({ id: shop.id }).update({ type: 'gone' });
    await host.registry.refresh();
    const reason = 'no enabled connector registers the type "gone"';
    expect(host.registry.find({ type: 'gone', id: shop.id })).toMatchObject({ state: 'broken', reason });
    expect(host.registry.find(shop).state).toBe('broken');
  });

  it('says why a backend cannot work: its secrets do not open', async () => {
    const other = await host.store.create({ type: 'shop', name: 'Other', settings: { apiKey } }, 'ann');
    const { settings } = await database('glue_backends').where({ id: other.id }).first();
    await database('glue_backends').where({ id: shop.id }).update({ settings });
    await host.registry.refresh();
    expect(host.registry.find(shop)).toMatchObject({
      state: 'broken',
      reason: `the secret at backend:${shop.id}:apiKey does not open: it was changed or moved`,
    });
    expect(host.registry.find(other).state).toBe('ready');
    expect(host.logged).toEqual([expect.stringContaining('a backend cannot be used')]);
  });

  it('says why a backend cannot work: its settings do not suit the class any more', async () => {
    await database('glue_backends').where({ id: shop.id }).update({ settings: '{"region":"mars"}' });
    await host.registry.refresh();
    expect(host.registry.find(shop)).toMatchObject({
      state: 'broken',
      reason: expect.stringMatching(
        /^settings of backend shop,\d+ .* not valid: settings\.apiKey: .*; settings\.region: /,
      ),
    });
  });

  it('says why a backend cannot work: its class cannot be built', async () => {
    const failing = () => {
      throw new Error('no token CLOCK');
    };
    const registry = new BackendRegistry(host.types, host.store, failing, loggerTo(host.logged));
    await registry.refresh();
    expect(registry.find(shop)).toMatchObject({ state: 'broken', reason: 'no token CLOCK' });
    expect(host.logged).toEqual([expect.stringContaining('a backend could not be built')]);
  });

  it('gives settings that the class got with a newer version their defaults', async () => {
    const { settings } = await database('glue_backends').where({ id: shop.id }).first();
    const { region: _, ...older } = JSON.parse(settings) as Record<string, unknown>;
    await database('glue_backends')
      .where({ id: shop.id })
      .update({ settings: JSON.stringify(older) });
    await host.registry.refresh();
    expect(instance().settings.region).toBe('eu');
  });

  it('offers what sides offer to every instance', async () => {
    const token = Symbol('side');
    host.registry.offer(token, (backend) => ({ sendFor: backend }));
    await host.registry.refresh();
    expect(instance().offered(token)).toEqual({ sendFor: { type: 'shop', id: shop.id } });
    expect(instance().offered(Symbol('absent side'))).toBeUndefined();
  });

  it('gives an instance its record once, and by nothing that a connector can replace', async () => {
    const seen: unknown[] = [];
    Object.assign(ConnectorBackend, { attach: (...all: unknown[]) => seen.push(all) });
    try {
      await host.registry.refresh();
      const again = { record: { ...shop, id: 2 }, settings: {}, logger: loggerTo([]), ports: new Map() };
      expect(() => attachBackend<unknown>(instance(), again)).toThrow('attached to its record once');
    } finally {
      Reflect.deleteProperty(ConnectorBackend, 'attach');
    }
    expect(seen).toEqual([]);
    expect(instance().id).toBe(shop.id);
  });

  it('reads one after another, so that the latest reading counts', async () => {
    const openAll = host.store.openAll.bind(host.store);
    let letGo = () => {};
    const held = new Promise<void>((resolve) => (letGo = resolve));
    host.store.openAll = async (report) => {
      host.store.openAll = openAll;
      const asItWas = await openAll(report);
      await held;
      return asItWas;
    };
    const first = host.registry.refresh();
    await host.store.update(shop, { name: 'Renamed' }, 'ann');
    const second = host.registry.refresh();
    await database.raw('SELECT 1'); // time enough for the second reading to end, if it had begun
    letGo();
    await Promise.all([first, second]);
    expect(instance().name).toBe('Renamed');
  });

  it('goes on after a reading that failed', async () => {
    await database.schema.renameTable('glue_backends', 'away');
    await expect(host.registry.refresh()).rejects.toThrow(/glue_backends/);
    await database.schema.renameTable('away', 'glue_backends');
    await host.registry.refresh();
    expect(instance().code).toBe('shop-eu');
  });
});

describe('a backend instance', () => {
  it('says so when its record is asked for in the constructor', () => {
    expect(() => new ShopBackend().id).toThrow(/ShopBackend is not attached to a backend record/);
  });

  it('derives its prefix from type and id', () => {
    const backend = new (class extends ConnectorBackend {
      override get type() {
        return 'My_Type.2';
      }
      override get id() {
        return 3;
      }
    })();
    expect(backend.technicalPrefix()).toBe('my-type-2-3');
  });
});
