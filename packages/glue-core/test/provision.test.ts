import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import type { BackendView } from '../src/backend/backend-record.js';
import type { Database } from '../src/database/database.js';
import type { EndpointStore, EndpointStoreOptions } from '../src/endpoint/endpoint-store.js';
import { Provisioner } from '../src/provision/provision.js';
import { SeedCatalog } from '../src/seeds/seed-catalog.js';
import type { EndpointSeed } from '../src/seeds/seed-file.js';
import type { SideName } from '../src/side/side-name.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { auditOf, changesOf } from './support/rows.js';
import { apiKey, openShop, type Shop } from './support/shop-connector.js';
import {
  endpointSeed,
  endpointStore,
  makeEndpointTables,
  ownRow,
  type Config,
} from './support/shop-endpoints.js';

const both: readonly SideName[] = ['inbound', 'outbound'];
const specs: readonly EndpointSeed[] = [
  endpointSeed({ id: 'in', backend: 'shop', suffix: 'inbound', config: { limit: 1, note: 'x' } }),
  endpointSeed({ id: 'orders', backend: 'shop', side: 'outbound', state: 'draft', handler: 'keep' }),
  endpointSeed({ id: 'refunds', backend: 'shop', side: 'outbound' }),
];
const ann = { actor: 'ann' };

describeEachDatabase('provisioning', (openDatabase) => {
  let database: Database;
  let host: Shop;
  let shop: BackendView;
  let inbound: EndpointStore<Config>;
  let outbound: EndpointStore<Config>;

  beforeEach(async () => {
    database = await openDatabase();
    await makeEndpointTables(database);
    host = openShop(database);
    inbound = endpointStore(database, host.clock, 'inbound');
    outbound = endpointStore(database, host.clock, 'outbound');
    shop = await host.store.create({ type: 'shop', name: 'Shop EU', settings: { apiKey } }, 'ann');
  });

  afterEach(() => database.destroy());

  function provisionerOf(
    seeds: readonly EndpointSeed[],
    sides = both,
    findProblems: EndpointStoreOptions<Config>['findProblems'] = () => [],
  ): Provisioner {
    const catalog = new SeedCatalog();
    catalog.add({ connector: 'shop', endpoints: seeds, handlers: [] }, both);
    const installed = sides.map((name) => ({
      name,
      endpoints: endpointStore(database, host.clock, name, { findProblems }),
    }));
    const { types, registry } = host;
    return new Provisioner({ database, catalog, types, registry, sides: installed });
  }

  /** Everything that is stored, to see that nothing changed. */
  async function everything(): Promise<unknown> {
    const tables = ['glue_inbound_endpoints', 'glue_outbound_endpoints', 'glue_audit', 'glue_changes'];
    return Promise.all(tables.map((table) => database(table).select()));
  }

  it('is a person’s act: a backend that is merely created has no endpoint', async () => {
    await host.registry.refresh();
    expect([await inbound.list(), await outbound.list()]).toEqual([[], []]);
  });

  it('makes the declared endpoints, named after the backend and linked to it', async () => {
    const { changes } = await provisionerOf(specs).provision(shop, ann);
    const code = `shop-${shop.id}`;
    expect(changes).toMatchObject([
      {
        side: 'inbound',
        seed: 'shop:in',
        action: 'create',
        code: `${code}-inbound`,
        path: `${code}-inbound`,
      },
      { side: 'outbound', seed: 'shop:orders', action: 'create', code: `${code}-orders` },
      { side: 'outbound', seed: 'shop:refunds', action: 'create', code: `${code}-refunds` },
    ]);
    const backend = { type: 'shop', id: shop.id };
    expect(await inbound.listForBackend(shop)).toMatchObject([
      {
        name: 'Shop EU inbound',
        code: `${code}-inbound`,
        suffix: 'inbound',
        path: `${code}-inbound`,
        state: 'active',
        company: 'default',
        backend,
        seedId: 'shop:in',
        config: { mode: 'open', limit: 1, note: 'x' },
      },
    ]);
    expect(await outbound.listForBackend(shop)).toMatchObject([
      { name: 'Shop EU orders', state: 'draft', handler: 'shop:keep', backend, seedId: 'shop:orders' },
      { name: 'Shop EU refunds', state: 'active', backend },
    ]);
    const trace = (await auditOf(database)).filter(({ action }) => action === 'endpoint.create');
    expect(trace.map(({ actor, subject }) => [actor, subject])).toEqual([
      ['ann', `inbound endpoint ${code}-inbound`],
      ['ann', `outbound endpoint ${code}-orders`],
      ['ann', `outbound endpoint ${code}-refunds`],
    ]);
    expect(await changesOf(database)).toMatchObject({ inbound: 1, outbound: 2 });
  });

  it('twice changes not one row, and leaves not one more trace', async () => {
    const provisioner = provisionerOf(specs);
    await provisioner.provision(shop, ann);
    const before = await everything();
    host.clock.advance(1_000);
    const { changes } = await provisioner.provision(shop, ann);
    expect(changes.map(({ action }) => action)).toEqual(['unchanged', 'unchanged', 'unchanged']);
    expect(await everything()).toEqual(before);
  });

  it('says in a dry run what it would do, and writes nothing', async () => {
    const provisioner = provisionerOf(specs);
    const before = await everything();
    const planned = await provisioner.provision(shop, { ...ann, dryRun: true });
    expect(planned.changes.map(({ action }) => action)).toEqual(['create', 'create', 'create']);
    expect(await everything()).toEqual(before);
    expect(await provisioner.provision(shop, ann)).toEqual(planned);
  });

  it('uses the prefix that the class chooses', async () => {
    const record = await host.store.create(
      { type: 'prefixed', name: 'P', settings: { prefix: 'Über App' } },
      'ann',
    );
    const { changes } = await provisionerOf([endpointSeed({ id: 'in', backend: 'prefixed' })]).provision(
      record,
      ann,
    );
    expect(changes).toMatchObject([{ code: `ber-app-${record.id}-in`, name: 'P in' }]);
  });

  it('puts endpoints into the company of their backend', async () => {
    const acme = await host.store.create(
      { type: 'shop', name: 'A', company: 'acme', settings: { apiKey } },
      'ann',
    );
    await provisionerOf(specs).provision(acme, ann);
    expect(await inbound.listForBackend(acme)).toMatchObject([{ company: 'acme' }]);
  });

  it('sees a backend that was made or renamed a moment ago', async () => {
    const provisioner = provisionerOf(specs);
    await provisioner.provision(shop, ann);
    await host.store.update(shop, { name: 'Shop US' }, 'ann');
    const { changes } = await provisioner.provision(shop, ann);
    expect(changes).toMatchObject([
      { action: 'update', name: 'Shop US inbound', updated: ['name'] },
      { action: 'update', name: 'Shop US orders' },
      { action: 'update', name: 'Shop US refunds' },
    ]);
  });

  it('brings endpoints up to date with newer seeds, and keeps what the operator edited', async () => {
    await provisionerOf(specs).provision(shop, ann);
    const code = `shop-${shop.id}-inbound`;
    await inbound.edit(code, { config: { limit: 5 } }, 'bob');
    await inbound.setState(code, 'archived', 'bob');
    const newer = [
      endpointSeed({
        id: 'in',
        backend: 'shop',
        suffix: 'inbound',
        config: { limit: 2, mode: 'closed' },
      }),
    ];
    const { changes } = await provisionerOf(newer).provision(shop, ann);
    expect(changes).toMatchObject([
      { action: 'update', updated: ['config.note', 'config.mode'], conflicts: ['config.limit'] },
    ]);
    expect(await inbound.getByCode(code)).toMatchObject({
      state: 'archived',
      config: { limit: 5, mode: 'closed' },
    });
    expect((await inbound.getByCode(code)).config).not.toHaveProperty('note');
    expect((await auditOf(database)).at(-1)).toMatchObject({
      action: 'endpoint.update',
      detail: { seed: 'shop:in', updated: ['config.note', 'config.mode'], kept: ['config.limit'] },
    });

    const again = await provisionerOf(newer).provision(shop, ann);
    expect(again.changes).toMatchObject([{ action: 'unchanged', conflicts: [] }]);
    expect(await outbound.list()).toHaveLength(2);
  });

  const clashes: [string, object, string][] = [
    ['code', { code: 'PREFIX-in', path: 'free' }, 'needs the code "PREFIX-in"'],
    ['path', { code: 'own', path: 'PREFIX-in' }, 'needs the path "PREFIX-in"'],
    ['link', { code: 'own', path: 'free', linked: true }, 'needs the one inbound link of the backend'],
  ];
  test.each(clashes)(
    'names both owners of a %s that is taken, and changes nothing',
    async (_what, own, words) => {
      const prefix = `shop-${shop.id}`;
      const { linked, ...fields } = JSON.parse(JSON.stringify(own).replaceAll('PREFIX', prefix)) as {
        code: string;
        linked?: boolean;
      };
      await database('glue_inbound_endpoints').insert(
        ownRow(fields.code, { ...fields, ...(linked && { backend_type: 'shop', backend_id: shop.id }) }),
      );
      const before = await everything();
      const seeds = [
        endpointSeed({ id: 'out', backend: 'shop', side: 'outbound' }),
        endpointSeed({ id: 'in', backend: 'shop' }),
      ];
      const holder = linked ? `of shop,${shop.id}` : 'not linked';
      for (const dryRun of [true, false]) {
        await expect(provisionerOf(seeds).provision(shop, { ...ann, dryRun })).rejects.toMatchObject({
          code: 'GLUE_PROVISION_CONFLICT',
          problems: [
            `seed "shop:in" for shop,${shop.id} "Shop EU" ${words.replace('PREFIX', prefix)}, which inbound endpoint "${fields.code}" (${holder}) has`,
          ],
        });
      }
      expect(await everything()).toEqual(before);
    },
  );

  it('names all clashes at once, also between seeds of one connector', async () => {
    const seeds = [
      endpointSeed({ id: 'a', backend: 'shop', side: 'outbound', suffix: 'same' }),
      endpointSeed({ id: 'b', backend: 'shop', side: 'outbound', suffix: 'same' }),
      endpointSeed({ id: 'c', backend: 'shop', side: 'inbound', path: 'x' }),
      endpointSeed({ id: 'd', backend: 'shop', side: 'inbound', path: 'x' }),
    ];
    await expect(provisionerOf(seeds).provision(shop, ann)).rejects.toMatchObject({
      code: 'GLUE_PROVISION_CONFLICT',
      problems: [
        expect.stringMatching(/^seed "shop:b" .* needs the code/),
        expect.stringMatching(/^seed "shop:d" .* needs the path "x"/),
      ],
    });
    expect(await outbound.list()).toEqual([]);
  });

  it('refuses a spec for a side that is not installed, and makes nothing of the other', async () => {
    await expect(provisionerOf(specs, ['inbound']).provision(shop, ann)).rejects.toEqual(
      refusal('GLUE_SIDE_ABSENT', 'seed "shop:orders" is for outbound, which is not installed in this host'),
    );
    expect(await inbound.list()).toEqual([]);
  });

  it('refuses a spec whose configuration is not valid, with every problem', async () => {
    const seeds = [endpointSeed({ id: 'in', backend: 'shop', config: { mode: 'ajar', limit: 'many' } })];
    await expect(provisionerOf(seeds).provision(shop, ann)).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INVALID',
      message: `the configuration of inbound endpoint "shop-${shop.id}-in" is not valid`,
      problems: [expect.stringContaining('config.mode'), expect.stringContaining('config.limit')],
    });
  });

  it('refuses a code that is longer than a path may be', async () => {
    const record = await host.store.create(
      { type: 'prefixed', name: 'P', settings: { prefix: 'p'.repeat(130) } },
      'ann',
    );
    await expect(
      provisionerOf([endpointSeed({ id: 'in', backend: 'prefixed' })]).provision(record, ann),
    ).rejects.toEqual(refusal('GLUE_ENDPOINT_INVALID', 'is longer than 128 characters: shorten the suffix'));
  });

  it('refuses a backend that is missing or disabled, and says which', async () => {
    const provisioner = provisionerOf(specs);
    await expect(provisioner.provision({ type: 'shop', id: shop.id + 1 }, ann)).rejects.toEqual(
      refusal('GLUE_BACKEND_NOT_FOUND', `there is no backend shop,${shop.id + 1}`),
    );
    await host.store.update(shop, { active: false }, 'ann');
    await expect(provisioner.provision(shop, ann)).rejects.toEqual(
      refusal('GLUE_BACKEND_UNUSABLE', 'the backend is disabled'),
    );
  });

  it('makes the endpoints that stand alone, and keeps the code that an operator gave one', async () => {
    const seeds = [
      endpointSeed({ id: 'any', name: 'Anything' }),
      endpointSeed({ id: 'hook', suffix: 'Hook' }),
    ];
    const provisioner = provisionerOf([...specs, ...seeds]);
    expect((await provisioner.applyStandalone({ actor: 'start' })).changes).toMatchObject([
      { action: 'create', code: 'shop-any', name: 'Anything', path: 'shop-any' },
      { action: 'create', code: 'shop-hook', name: 'shop Hook' },
    ]);
    expect((await inbound.list()).every(({ backend }) => backend === undefined)).toBe(true);
    await database('glue_inbound_endpoints').where({ code: 'shop-any' }).update({ code: 'mine' });
    const again = await provisioner.applyStandalone({ actor: 'start' });
    expect(again.changes.map(({ action, code }) => [action, code])).toEqual([
      ['unchanged', 'mine'],
      ['unchanged', 'shop-hook'],
    ]);
  });

  it('at the same moment twice makes each endpoint once', async () => {
    const reports = await Promise.all([
      provisionerOf(specs).provision(shop, ann),
      provisionerOf(specs).provision(shop, { actor: 'bob' }),
    ]);
    const actions = reports.map(({ changes }) => changes.map(({ action }) => action).join());
    expect(actions.sort()).toEqual(['create,create,create', 'unchanged,unchanged,unchanged']);
    expect([await inbound.list(), await outbound.list()].map(({ length }) => length)).toEqual([1, 2]);
    expect(await changesOf(database)).toMatchObject({ inbound: 1, outbound: 2 });
  });

  describe('of endpoints that are not complete', () => {
    const needsNote = (): Provisioner => {
      const findProblems = ({ config }: { config: Config }) => (config.note === undefined ? ['no note'] : []);
      return provisionerOf(specs, both, findProblems);
    };

    it('makes drafts of those that their seeds call active, and says why', async () => {
      const provisioner = needsNote();
      const before = await everything();
      const planned = await provisioner.provision(shop, { ...ann, dryRun: true });
      expect(planned.changes).toMatchObject([
        { seed: 'shop:in', state: 'active', problems: [] },
        { seed: 'shop:orders', state: 'draft', problems: [] },
        { seed: 'shop:refunds', state: 'draft', problems: ['no note'] },
      ]);
      expect(await everything()).toEqual(before);
      expect(await provisioner.provision(shop, ann)).toEqual(planned);
      expect((await outbound.list()).map(({ state }) => state)).toEqual(['draft', 'draft']);
      const again = await provisioner.provision(shop, ann);
      expect(again.changes.map(({ action, state }) => [action, state])).toEqual([
        ['unchanged', 'active'],
        ['unchanged', 'draft'],
        ['unchanged', 'draft'],
      ]);
    });

    it('does not break an active one by a newer seed: nothing is changed', async () => {
      await needsNote().provision(shop, ann);
      const before = await everything();
      const newer = [endpointSeed({ id: 'in', backend: 'shop', suffix: 'inbound', config: { limit: 2 } })];
      const findProblems = ({ config }: { config: Config }) => (config.note === undefined ? ['no note'] : []);
      await expect(provisionerOf(newer, both, findProblems).provision(shop, ann)).rejects.toMatchObject({
        code: 'GLUE_PROVISION_CONFLICT',
        problems: [
          `seed "shop:in" for shop,${shop.id} "Shop EU" would break "shop-${shop.id}-inbound": no note`,
        ],
      });
      expect(await everything()).toEqual(before);
    });

    it('brings an active one up to date that is broken already', async () => {
      await provisionerOf(specs).provision(shop, ann);
      const newer = [endpointSeed({ id: 'in', backend: 'shop', suffix: 'inbound', config: { limit: 2 } })];
      const { changes } = await provisionerOf(newer, both, () => ['always']).provision(shop, ann);
      expect(changes).toMatchObject([{ action: 'update', state: 'active', problems: [] }]);
      expect(await inbound.list()).toMatchObject([{ state: 'active', written: { limit: 2 } }]);
    });
  });

  it('reports seeds for a backend type that nobody registers, of the same connector', async () => {
    const catalog = new SeedCatalog();
    const misspelt = endpointSeed({ id: 'wrong', backend: 'shpo' });
    catalog.add({ connector: 'shop-connector', endpoints: [...specs, misspelt], handlers: [] }, both);
    catalog.add({ connector: 'other', endpoints: [misspelt], handlers: [] }, both);
    const { types, registry } = host;
    const sides = both.map((name) => ({ name, endpoints: endpointStore(database, host.clock, name) }));
    const provisioner = new Provisioner({ database, catalog, types, registry, sides });
    const problemOf = (connector: string) =>
      `seed "${connector}:wrong" is for backends of the type "shpo", which no enabled connector registers (registered: prefixed, shop)`;
    const { changes, problems } = await provisioner.provision(shop, ann);
    expect([changes.length, problems]).toEqual([3, [problemOf('shop-connector')]]);
    expect((await provisioner.applyStandalone(ann)).problems).toEqual([
      problemOf('shop-connector'),
      problemOf('other'),
    ]);
  });

  it('finds an endpoint again that an operator has linked to it', async () => {
    const other = await host.store.create({ type: 'shop', name: 'Other', settings: { apiKey } }, 'ann');
    await provisionerOf(specs).provision(shop, ann);
    const store = endpointStore(database, host.clock, 'inbound', { registry: host.registry });
    await store.link(`shop-${shop.id}-inbound`, other, 'bob');
    const { changes } = await provisionerOf(specs).provision(other, ann);
    expect(changes[0]).toMatchObject({
      seed: 'shop:in',
      action: 'update',
      updated: [],
      name: 'Other inbound',
    });
    const settled = await provisionerOf(specs).provision(other, ann);
    expect(settled.changes[0]).toMatchObject({ action: 'unchanged' });
    expect(await inbound.list()).toHaveLength(1);
  });

  it('leaves endpoints whose seed is gone as they are', async () => {
    await provisionerOf(specs).provision(shop, ann);
    const before = await everything();
    expect(await provisionerOf([]).provision(shop, ann)).toEqual({ changes: [], problems: [] });
    expect(await everything()).toEqual(before);
  });
});
