import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  CLOCK,
  ConnectorBackend,
  defineConnector,
  done,
  inject,
  injectable,
  retry,
  secret,
  systemClock,
  type Clock,
  type Connector,
  type Database,
} from 'glue-core';
import knex from 'knex';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import { InboundBackend } from '../src/inbound-backend.js';
import { mountInbound, type MountedInbound, type MountInboundOptions } from '../src/mount-inbound.js';
import type { InboundContext } from '../src/process/inbound-event.js';
import { until } from './support/inbound-fixture.js';

const secretKey = randomBytes(32).toString('base64');
const newSecret = () => `whsec_${randomBytes(24).toString('base64')}`;

class OrderHandler {
  static readonly handlerId = 'orders';
  async handleInboundEvent(_event: unknown, { attempt }: InboundContext) {
    return attempt === 1 ? retry({ seconds: 0 }) : done('at the second attempt');
  }
}

@injectable()
class ShopBackend extends InboundBackend(ConnectorBackend<{ secret: string }>) {
  static readonly type = 'shop';
  static readonly settings = z.strictObject({ secret: secret() });
  constructor(@inject(CLOCK) private readonly clock: Clock) {
    super();
  }
  override async handleInboundEvent() {
    return done(`${this.name}, ${this.clock.now() > 0}`);
  }
}

const verification = { mode: 'standard-webhooks' };
const seeds = {
  endpoints: [
    {
      id: 'orders',
      side: 'inbound',
      path: 'orders',
      handler: 'orders',
      config: { verification, retryPolicy: { delays: ['50ms'], jitter: 0 } },
    },
    {
      id: 'inbound',
      side: 'inbound',
      backend: 'shop',
      path: 'shop',
      config: { verification: { ...verification, secrets: [{ setting: 'secret' }] } },
    },
    { id: 'answers', side: 'outbound', backend: 'shop', config: { baseUrl: 'https://example.com' } },
  ],
};

/** A connection as anybody makes one: nothing is set up for Glue. */
interface OwnConnection {
  readonly database: Database;
  remove(): Promise<void>;
}

function ownSqlite(folder: string): Promise<OwnConnection> {
  const connection = { filename: join(folder, 'app.db') };
  const database = knex({ client: 'better-sqlite3', connection, useNullAsDefault: true });
  return Promise.resolve({ database, remove: () => database.destroy() });
}

async function ownMysql(url: string): Promise<OwnConnection> {
  const name = `glue_mounted_${process.pid}_${Date.now()}`;
  const admin = knex({ client: 'mysql2', connection: url });
  await admin.raw(`CREATE DATABASE ${name} CHARACTER SET latin1`);
  const database = knex({
    client: 'mysql2',
    connection: new URL(name, url.endsWith('/') ? url : `${url}/`).href,
  });
  return {
    database,
    remove: async () => {
      await database.destroy();
      await admin.raw(`DROP DATABASE ${name}`);
      await admin.destroy();
    },
  };
}

const url = process.env['GLUE_TEST_MYSQL_URL'];
const connections: [string, (folder: string) => Promise<OwnConnection>][] = [
  ['SQLite', ownSqlite],
  ...(url === undefined ? [] : [['MySQL', () => ownMysql(url)] as [string, () => Promise<OwnConnection>]]),
];

describe.each(connections)('the inbound side, mounted with a knex connection to %s', (_name, connect) => {
  let folder: string;
  let own: OwnConnection;
  let database: Database;
  let mounted: MountedInbound | undefined;
  let server: Server | undefined;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-mounted-'));
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/endpoints.json'), JSON.stringify(seeds));
    own = await connect(folder);
    database = own.database;
  });
  afterEach(async () => {
    await unmount();
    await own.remove();
    rmSync(folder, { recursive: true });
  });

  const connector: Connector = defineConnector({ backends: [ShopBackend], handlers: [OrderHandler] });
  async function mount(
    secrets: Record<string, string>,
    more: Partial<MountInboundOptions> = {},
  ): Promise<MountedInbound> {
    mounted = await mountInbound({
      ...{ database, secretKey, ...more },
      connectors: [{ id: 'app', connector, seeds: join(folder, 'data'), secrets }],
    });
    await mounted.start();
    server = createServer(mounted.listener).listen(0, '127.0.0.1');
    await new Promise((resolve) => server?.once('listening', resolve));
    return mounted;
  }
  async function unmount(): Promise<void> {
    server?.closeAllConnections();
    server?.close();
    await mounted?.stop();
    mounted = undefined;
  }
  let sent = 0;
  async function send(path: string, key: string): Promise<number> {
    const [id, at, body] = [`msg_${(sent += 1)}`, new Date(), `{"n":${sent},"text":"ä😀"}`];
    const { port } = server?.address() as AddressInfo;
    const headers = {
      'x-text': Buffer.from('ä😀').toString('latin1'),
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(key).sign(id, at, body),
    };
    return (await fetch(`http://127.0.0.1:${port}/webhooks/in/${path}`, { method: 'POST', headers, body }))
      .status;
  }
  const secretsIn = async () => mounted?.endpoints.secrets.list('app-orders');

  it('takes events by the endpoints of its seeds, and tries them again without Agenda', async () => {
    const key = newSecret();
    // What an app leaves open, it may also say so.
    const { events } = await mount({ orders: key }, { concurrency: undefined, trustedProxies: undefined });
    expect(await send('orders', key)).toBe(202);
    await until(async () => (await events.countByState()).done === 1);
    expect(await events.list()).toMatchObject([{ attempts: 2, note: 'at the second attempt' }]);
  });

  it('keeps a secret as it is, and lets one that is replaced count for a day', async () => {
    const [first, second] = [newSecret(), newSecret()];
    await mount({ orders: first });
    const [before] = (await secretsIn()) ?? [];
    await unmount();
    await mount({ orders: first });
    expect(await secretsIn()).toEqual([before]);
    await unmount();

    await mount({ orders: second });
    const inADay = Date.now() + 86_400_000;
    expect(await secretsIn()).toMatchObject([{ id: before?.id, live: true }, { live: true }]);
    expect((await secretsIn())?.[0]?.notAfter).toBeLessThanOrEqual(inADay);
    expect((await secretsIn())?.[1]).not.toHaveProperty('notAfter');
    expect(await send('orders', first)).toBe(202);
    expect(await send('orders', second)).toBe(202);
    expect(await send('orders', newSecret())).toBe(401);
  });

  it("has secrets count by the database's time, whatever the own clock says", async () => {
    const HOUR = 3_600_000;
    const fast: Clock = {
      now: () => Date.now() + HOUR,
      monotonic: () => systemClock.monotonic(),
      after: (delayMs, run) => systemClock.after(delayMs, run),
    };
    const [first, second] = [newSecret(), newSecret()];
    const { endpoints } = await mount({ orders: first }, { clock: fast });
    const { added, ending } = await endpoints.secrets.rotate(
      'app-orders',
      { value: second, overlapMs: 0 },
      'test',
    );
    for (const { createdAt } of [added, ...ending]) expect(createdAt).toBeLessThan(Date.now() + HOUR / 2);
    expect(await secretsIn()).toMatchObject([{ live: false }, { live: true }]);
    await until(async () => (await send('orders', second)) === 202);
    expect(await send('orders', first)).toBe(401);
  });

  it('gives backends their endpoints when they are provisioned', async () => {
    const key = newSecret();
    const { backends, provisioner, events, endpoints } = await mount({ orders: newSecret() });
    const backend = await backends.create({ type: 'shop', name: 'Shop', settings: { secret: key } }, 'app');
    const { changes } = await provisioner.provision(backend, { actor: 'app' });
    expect(changes).toMatchObject([{ action: 'create', code: 'shop-1-inbound', path: 'shop' }]);
    expect(await endpoints.list()).toHaveLength(2);
    await until(async () => (await send('shop', key)) === 202);
    await until(async () => (await events.countByState()).done === 1);
    expect(await events.list({ state: 'done' })).toMatchObject([{ note: 'Shop, true', backend: 'shop,1' }]);
  });

  it('is nothing that runs when it cannot start, and can be started anew', async () => {
    await expect(mount({ order: newSecret() })).rejects.toThrow(
      'connector "app" brings a secret for the endpoint "order", but its seeds offer none of that id',
    );
    expect(await database('glue_hosts')).toEqual([]);
    const key = newSecret();
    await mount({ orders: key });
    expect(await send('orders', key)).toBe(202);
  });

  it('refuses new requests when it stops, and leaves the database to its owner', async () => {
    const key = newSecret();
    const stopping = await mount({ orders: key });
    stopping.refuse();
    expect(await send('orders', key)).toBe(503);
    await stopping.stop();
    expect(await database('glue_hosts')).toEqual([]);
    expect(await database('glue_events')).toEqual([]);
  });

  const withoutHandlers = defineConnector({ backends: [ShopBackend] });
  it.each([
    ['a key that is none', 'short', connector, 'secretKey does not hold 32 bytes in base64'],
    ['a seed whose handler nobody offers', secretKey, withoutHandlers, 'which no enabled connector offers'],
  ])('refuses %s', async (_name, key, given, message) => {
    const connectors = [{ id: 'app', connector: given, seeds: join(folder, 'data') }];
    await expect(mountInbound({ database, secretKey: key, connectors })).rejects.toThrow(message);
  });

  it.each([
    [{ concurrency: 0 }, 'concurrency: '],
    [{ concurrency: Number.NaN }, 'concurrency: '],
    [{ trustedProxies: -1 }, 'trustedProxies: '],
    [{ maxBufferedBytes: 1024 }, 'maxBufferedBytes: '],
    [{ publicUrl: 'hooks.example.com' }, 'publicUrl: must look like https://hooks.example.com'],
  ])(
    'refuses %j, with which it would take events and do nothing, or the wrong thing',
    async (more, problem) => {
      await expect(mount({ orders: newSecret() }, more)).rejects.toMatchObject({
        code: 'GLUE_CONFIG_INVALID',
        message: 'the options of mountInbound are not valid',
        problems: [expect.stringContaining(problem)],
      });
    },
  );
});
