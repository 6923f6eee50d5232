import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CLOCK,
  ConnectorBackend,
  defineConnector,
  inject,
  injectable,
  secret,
  type Clock,
  type Database,
  type OwnConnector,
} from 'glue-core';
import knex from 'knex';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { send, type Delivery, type OutboundRequest } from '../src/delivery.js';
import { mountOutbound, type MountedOutbound, type MountOutboundOptions } from '../src/mount-outbound.js';
import { OutboundBackend } from '../src/outbound-backend.js';
import { openSink, type Sink } from './support/sink.js';

const secretKey = randomBytes(32).toString('base64');
const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`;

class OrderHandler {
  static readonly handlerId = 'orders';
  handleDelivery(_delivery: Delivery, { headers }: OutboundRequest) {
    return send({ headers: { 'x-shaped': `by the handler, for ${headers['user-agent']}` } });
  }
}

@injectable()
class ShopBackend extends OutboundBackend(ConnectorBackend<{ key: string }>) {
  static readonly type = 'shop';
  static readonly settings = z.strictObject({ key: secret() });
  constructor(@inject(CLOCK) private readonly clock: Clock) {
    super();
  }
  override outboundHeaders() {
    return { 'x-shop': `${this.name}, ${this.clock.now() > 0}` };
  }
}

const seeds = {
  endpoints: [
    {
      id: 'orders',
      side: 'outbound',
      handler: 'orders',
      config: {
        path: '/orders',
        signing: { mode: 'standard-webhooks' },
        retryPolicy: { delays: ['50ms'], jitter: 0 },
      },
    },
    { id: 'plain', side: 'outbound', config: { path: '/plain' } },
    { id: 'refunds', side: 'outbound', backend: 'shop', config: { path: '/refunds' } },
    { id: 'events', side: 'inbound', path: 'events', config: { verification: { mode: 'none' } } },
  ],
};

/** A database that is reached as anybody reaches one: nothing is set up for Glue. */
interface OwnDatabase {
  /** Another connection, like that of another process. */
  connect(): Database;
  remove(): Promise<void>;
}

function ownSqlite(folder: string): Promise<OwnDatabase> {
  const connection = { filename: join(folder, 'app.db') };
  return Promise.resolve({
    connect: () => knex({ client: 'better-sqlite3', connection, useNullAsDefault: true }),
    remove: () => Promise.resolve(),
  });
}

async function ownMysql(url: string): Promise<OwnDatabase> {
  const name = `glue_mounted_out_${process.pid}_${Date.now()}`;
  const admin = knex({ client: 'mysql2', connection: url });
  await admin.raw(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  return {
    connect: () =>
      knex({ client: 'mysql2', connection: new URL(name, url.endsWith('/') ? url : `${url}/`).href }),
    remove: async () => {
      await admin.raw(`DROP DATABASE ${name}`);
      await admin.destroy();
    },
  };
}

const url = process.env['GLUE_TEST_MYSQL_URL'];
const connections: [string, (folder: string) => Promise<OwnDatabase>][] = [
  ['SQLite', ownSqlite],
  ...(url === undefined ? [] : [['MySQL', () => ownMysql(url)] as [string, () => Promise<OwnDatabase>]]),
];

describe.each(connections)('the outbound side, mounted with a knex connection to %s', (_name, make) => {
  let folder: string;
  let own: OwnDatabase;
  let sink: Sink;
  let key: string;
  let opened: Database[];
  let mounted: MountedOutbound[];

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-mounted-'));
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/endpoints.json'), JSON.stringify(seeds));
    [sink, own, key] = [await openSink(), await make(folder), newSecret()];
    [opened, mounted] = [[], []];
  });
  afterEach(async () => {
    for (const each of mounted) await each.stop();
    for (const database of opened) await database.destroy();
    await own.remove();
    await sink.close();
    rmSync(folder, { recursive: true });
  });

  function connect(): Database {
    const database = own.connect();
    opened.push(database);
    return database;
  }
  const optionsOf = (database: Database, more: Partial<MountOutboundOptions>): MountOutboundOptions => ({
    ...{ database, secretKey },
    allow: { hosts: [new URL(sink.url).host] },
    connectors: [
      {
        id: 'app',
        connector: defineConnector({ backends: [ShopBackend], handlers: [OrderHandler] }),
        seeds: join(folder, 'data'),
        configs: {
          orders: { baseUrl: sink.url },
          plain: { baseUrl: sink.url },
          refunds: { baseUrl: sink.url },
        },
        secrets: { orders: key, events: newSecret() },
      },
    ],
    ...more,
  });
  async function mount(
    database: Database,
    more: Partial<MountOutboundOptions> = {},
  ): Promise<MountedOutbound> {
    const side = await mountOutbound(optionsOf(database, more));
    mounted.push(side);
    await side.start();
    return side;
  }
  const received = (count: number) => until(() => sink.received.length >= count);

  it('signs and sends what is queued, and tries it again without Agenda', async () => {
    const side = await mount(connect());
    const answers = [503, 200];
    sink.answer = (response) => response.writeHead(answers.shift() ?? 500).end();
    const orders = await side.outboundEndpoint({ code: 'app-orders' });
    const { id } = await orders.queueDelivery({ payload: { order: 'A-1' } });
    await until(async () => (await side.deliveries.get(id)).state === 'done');
    expect(await side.deliveries.attempts(id)).toMatchObject([{ status: 503 }, { status: 200 }]);
    const [first, again] = sink.received;
    expect([first?.url, first?.body, again?.body]).toEqual(['/orders', '{"order":"A-1"}', '{"order":"A-1"}']);
    expect(first?.headers['x-shaped']).toMatch(/^by the handler, for Glue\//);
    new Webhook(key).verify(first?.body ?? '', first?.headers as Record<string, string>);
  });

  it('says who calls by a secret of its own, apart from the one that signs', async () => {
    const database = connect();
    const { connectors } = optionsOf(database, {});
    const withToken = (token: string) => ({
      connectors: connectors.map((each) => ({
        ...each,
        configs: { ...each.configs, orders: { baseUrl: sink.url, authentication: { mode: 'bearer' } } },
        secrets: { ...each.secrets, orders: { signing: key, authentication: token } },
      })),
    });
    const first = await mount(database, withToken('a-token'));
    await (await first.outboundEndpoint({ code: 'app-orders' })).queueDelivery({ payload: 1 });
    await received(1);
    expect(sink.received[0]?.headers.authorization).toBe('Bearer a-token');
    new Webhook(key).verify('1', sink.received[0]?.headers as Record<string, string>);
    await first.stop();

    const again = await mount(database, withToken('a-token'));
    const secretsOf = async (side: MountedOutbound) =>
      (await side.endpoints.secrets.list('app-orders')).map(({ usedFor, notAfter }) => [usedFor, notAfter]);
    expect(await secretsOf(again)).toEqual([
      [undefined, undefined],
      ['authentication', undefined],
    ]);
    await again.stop();
    expect(await secretsOf(await mount(database, withToken('another')))).toEqual([
      [undefined, undefined],
      ['authentication', expect.any(Number)],
      ['authentication', undefined],
    ]);
  });

  it("commits with the app's own transaction, or not at all", async () => {
    const database = connect();
    const side = await mount(database);
    await database.schema.createTable('orders', (table) => table.string('name').primary());
    const plain = await side.outboundEndpoint({ codeSuffix: 'plain' });
    const place = (name: string, fails: boolean) =>
      database.transaction(async (transaction) => {
        await transaction('orders').insert({ name });
        await plain.queueDelivery({ payload: name, transaction });
        if (fails) throw new Error('changed my mind');
      });
    await expect(place('B-1', true)).rejects.toThrow('changed my mind');
    await place('B-2', false);
    await received(1);
    expect(sink.received.map(({ body }) => body)).toEqual(['"B-2"']);
    expect(await database('orders')).toEqual([{ name: 'B-2' }]);
    expect(await database('glue_deliveries')).toHaveLength(1);
  });

  it('sends what another process queues, that holds no lease and sends nothing itself', async () => {
    const queueing = connect();
    const shop = await mount(queueing, { sends: false });
    expect(await queueing('glue_hosts')).toEqual([]);
    const plain = await shop.outboundEndpoint({ codeSuffix: 'plain' });
    const early = await plain.queueDelivery({ payload: 'before there is a worker' });
    expect(await shop.deliveries.get(early.id)).toMatchObject({ state: 'queued', attempts: 0 });

    const worker = await mount(connect());
    await received(1);
    // Far below the 15 seconds in which a sweep would find it.
    const queuedAt = performance.now();
    await queueing.transaction((transaction) => plain.queueDelivery({ payload: 'beside it', transaction }));
    await received(2);
    expect(performance.now() - queuedAt).toBeLessThan(7_000);
    await plain.queueDelivery({ payload: 'in a while', sendAt: Date.now() + 300 });
    await received(3);
    expect(sink.received.map(({ body }) => body)).toEqual([
      '"before there is a worker"',
      '"beside it"',
      '"in a while"',
    ]);
    expect(await queueing('glue_hosts')).toHaveLength(1);
    await worker.stop();
  });

  it('gives backends their endpoints when they are provisioned', async () => {
    const side = await mount(connect());
    const backend = await side.backends.create({ type: 'shop', name: 'Shop', settings: { key } }, 'app');
    const { changes } = await side.provisioner.provision(backend, { actor: 'app' });
    expect(changes).toMatchObject([{ action: 'create', code: 'shop-1-refunds' }]);
    await until(async () => {
      const known = await side.outboundEndpoint({ backend }).catch(() => undefined);
      return known !== undefined;
    });
    const refunds = await side.outboundEndpoint({ backend, codeSuffix: 'refunds' });
    await refunds.queueDelivery({ payload: 1 });
    await received(1);
    expect(sink.received[0]).toMatchObject({ url: '/refunds', headers: { 'x-shop': 'Shop, true' } });
  });

  it('calls only the hosts that the connector of a backend declares', async () => {
    const database = connect();
    const { connectors } = optionsOf(database, {});
    const side = await mount(database, {
      connectors: connectors.map((each) => ({ ...each, egress: ['api.example.com'] })),
    });
    const backend = await side.backends.create({ type: 'shop', name: 'Shop', settings: { key } }, 'app');
    const { changes } = await side.provisioner.provision(backend, { actor: 'app' });
    expect(changes).toMatchObject([
      {
        state: 'draft',
        problems: [
          `config.baseUrl: the connector "app" does not declare the host 127.0.0.1 in its egress: add it there, or to connectors.egress.app of the host's configuration`,
        ],
      },
    ]);
  });

  it('names what was asked and not found, or found more than once', async () => {
    const side = await mount(connect());
    await expect(side.outboundEndpoint({ code: 'app-none' })).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_NOT_FOUND',
      message: 'the app has no outbound endpoint with the code "app-none"',
    });
    await expect(side.outboundEndpoint()).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_AMBIGUOUS',
      message: expect.stringContaining('the app has 2 outbound endpoints (app-orders, app-plain)'),
    });
    const stranger = { type: 'shop', id: 7 };
    await expect(side.outboundEndpoint({ backend: stranger, codeSuffix: 'plain' })).rejects.toThrow(
      'backend shop,7 has no outbound endpoint with the suffix "plain"',
    );
  });

  /** The app's connector with something about it changed. */
  const withOwn = (database: Database, change: Partial<OwnConnector>) => ({
    connectors: optionsOf(database, {}).connectors.map((each) => ({ ...each, ...change })),
  });
  const restart = async (database: Database, change: Partial<OwnConnector>): Promise<MountedOutbound> => {
    await mounted.at(-1)?.stop();
    return mount(database, withOwn(database, change));
  };
  const ordersOf = async ({ endpoints }: MountedOutbound) => endpoints.getByCode('app-orders');

  it('activates at a later start what was not complete, with its secret there or not, unless a person says no', async () => {
    const database = connect();
    const bare = await mount(database, withOwn(database, { configs: {} }));
    expect(await ordersOf(bare)).toMatchObject({
      state: 'draft',
      problems: [expect.stringContaining('baseUrl')],
    });
    const configs = { orders: { baseUrl: sink.url }, plain: { baseUrl: sink.url } };
    const complete = await restart(database, { configs });
    expect(await complete.endpoints.secrets.list('app-orders')).toHaveLength(1);
    for (const codeSuffix of ['orders', 'plain'])
      await (await complete.outboundEndpoint({ codeSuffix })).queueDelivery({ payload: 1 });
    await received(2);
    await complete.endpoints.setState('app-orders', 'draft', 'ann');
    expect(await ordersOf(await restart(database, {}))).toMatchObject({ state: 'draft', problems: [] });
  });

  it.each<[string, OwnConnector['secrets'], string]>([
    [
      'a secret whose variable is not set',
      { orders: process.env['GLUE_NOT_SET'] as string },
      'connector "app" brings a secret without a value for the endpoint "orders": is its variable set?',
    ],
    [
      'one of two uses whose variable is not set',
      { orders: { signing: 'a secret', authentication: '' } },
      'connector "app" brings a secret without a value for the endpoint "orders": is its variable set?',
    ],
  ])('does not start with %s', async (_name, secrets, message) => {
    const database = connect();
    await expect(mount(database, withOwn(database, { secrets }))).rejects.toThrow(message);
    expect(await database('glue_outbound_secrets')).toEqual([]);
  });

  it('is nothing that runs when it cannot start, and can be started anew', async () => {
    const database = connect();
    const { connectors } = optionsOf(database, {});
    const strange = connectors.map((each) => ({ ...each, secrets: { order: newSecret() } }));
    await expect(mount(database, { connectors: strange })).rejects.toThrow(
      'connector "app" brings a secret for the endpoint "order", but its seeds offer none of that id',
    );
    expect(await database('glue_hosts')).toEqual([]);
    const side = await mount(database);
    await (await side.outboundEndpoint({ codeSuffix: 'plain' })).queueDelivery({ payload: 1 });
    await received(1);
  });

  it.each<[string, (options: MountOutboundOptions) => MountOutboundOptions, string]>([
    [
      'a key that is none',
      (options) => ({ ...options, secretKey: 'short' }),
      'secretKey does not hold 32 bytes in base64',
    ],
    [
      'an allow-list that is none',
      (options) => ({ ...options, allow: { cidrs: ['10.0.0.0'] } }),
      'the options of mountOutbound are not valid',
    ],
    [
      'a concurrency with which nothing would be sent',
      (options) => ({ ...options, concurrency: 0 }),
      'the options of mountOutbound are not valid',
    ],
    [
      'a configuration of an endpoint that is in no seed',
      (options) => ({
        ...options,
        connectors: options.connectors.map((each) => ({ ...each, configs: { order: {} } })),
      }),
      'connector "app" brings a configuration for the endpoint "order", but its endpoints.json has none of that id',
    ],
  ])('refuses %s', async (_name, change, message) => {
    await expect(mountOutbound(change(optionsOf(connect(), {})))).rejects.toThrow(message);
  });

  async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
    const givenUpAt = Date.now() + 20_000;
    while (!(await isSo())) {
      if (Date.now() > givenUpAt) throw new Error('it did not come about');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
});
