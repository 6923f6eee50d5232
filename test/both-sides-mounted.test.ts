import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  ConnectorBackend,
  deadLetter,
  defineConnector,
  done,
  retry,
  type Database,
  type OutboundSelector,
} from 'glue-core';
import { InboundBackend, mountInbound, type InboundContext, type MountedInbound } from 'glue-inbound';
import { mountOutbound, OutboundBackend, type MountedOutbound } from 'glue-outbound';
import knex from 'knex';
import { z } from 'zod';
import { until } from './faults/support/until.js';

/** What the next event is to be given to. */
type Handle = (context: InboundContext) => Promise<ReturnType<typeof done>>;

const seeds = {
  endpoints: [
    {
      id: 'events',
      side: 'inbound',
      backend: 'shop',
      path: 'events',
      config: {
        verification: { mode: 'none' },
        retryPolicy: { delays: ['50ms', '50ms'], jitter: 0 },
      },
    },
    { id: 'orders', side: 'outbound', backend: 'shop', config: {} },
    { id: 'refunds', side: 'outbound', backend: 'shop', config: {} },
    {
      id: 'alone',
      side: 'inbound',
      path: 'alone',
      config: { verification: { mode: 'none' } },
      handler: 'asks',
    },
  ],
};

/** A database that is reached as anybody reaches one: nothing is set up for Glue. */
interface OwnDatabase {
  readonly database: Database;
  remove(): Promise<void>;
}

function ownSqlite(folder: string): Promise<OwnDatabase> {
  const connection = { filename: join(folder, 'app.db') };
  const database = knex({ client: 'better-sqlite3', connection, useNullAsDefault: true });
  return Promise.resolve({ database, remove: () => database.destroy() });
}

async function ownMysql(url: string): Promise<OwnDatabase> {
  const name = `glue_both_${process.pid}_${Date.now()}`;
  const admin = knex({ client: 'mysql2', connection: url });
  await admin.raw(`CREATE DATABASE ${name} CHARACTER SET utf8mb4`);
  const connection = new URL(name, url.endsWith('/') ? url : `${url}/`).href;
  const database = knex({ client: 'mysql2', connection });
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
const databases: [string, (folder: string) => Promise<OwnDatabase>][] = [
  ['SQLite', ownSqlite],
  ...(url === undefined ? [] : [['MySQL', () => ownMysql(url)] as [string, () => Promise<OwnDatabase>]]),
];

describe.each(databases)('a handler of an app that mounts both sides, on %s', (_name, open) => {
  let folder: string;
  let own: OwnDatabase;
  let inbound: MountedInbound | undefined;
  let outbound: MountedOutbound;
  let servers: Server[];
  let url: string;
  /** Bodies that the receiver got. */
  let received: string[];
  let handle: Handle;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-both-'));
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/endpoints.json'), JSON.stringify(seeds));
    [received, servers] = [[], []];
    own = await open(folder);
    await own.database.schema.createTable('orders', (table) => table.string('name').primary());
  });
  afterEach(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
    await inbound?.stop();
    await outbound.stop();
    await own.remove();
    rmSync(folder, { recursive: true });
  });

  async function listen(server: Server): Promise<string> {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function mount({ withOutbound }: { withOutbound: boolean }): Promise<void> {
    const receiver = createServer((request, response) => {
      void text(request).then((body) => {
        received.push(body);
        response.end();
      });
    });
    const baseUrl = await listen(receiver);
    class ShopBackend extends OutboundBackend(InboundBackend(ConnectorBackend)) {
      static readonly type = 'shop';
      static readonly settings = z.strictObject({});
      override handleInboundEvent(_event: unknown, context: InboundContext) {
        return handle(context);
      }
    }
    class Asks {
      static readonly handlerId = 'asks';
      handleInboundEvent(_event: unknown, context: InboundContext) {
        return handle(context);
      }
    }
    const options = {
      database: own.database,
      secretKey: randomBytes(32).toString('base64'),
      connectors: [
        {
          id: 'app',
          connector: defineConnector({ backends: [ShopBackend], handlers: [Asks] }),
          seeds: join(folder, 'data'),
          configs: { orders: { baseUrl }, refunds: { baseUrl } },
        },
      ],
    };
    outbound = await mountOutbound({ ...options, allow: { hosts: [new URL(baseUrl).host] } });
    await outbound.start();
    inbound = await mountInbound({ ...options, ...(withOutbound && { outbound: outbound.port }) });
    await inbound.start();
    const backend = await inbound.backends.create({ type: 'shop', name: 'Shop', settings: {} }, 'app');
    await outbound.provisioner.provision(backend, { actor: 'app' });
    await inbound.provisioner.provision(backend, { actor: 'app' });
    await until('the endpoints are known', async () => await knows(backend), 10_000);
    url = await listen(createServer(inbound.listener));
  }
  const knows = (backend: { type: string; id: number }) =>
    outbound.outboundEndpoint({ backend, codeSuffix: 'refunds' }).then(
      () => true,
      () => false,
    );

  /** Sends an event and waits for its end. */
  async function send(path = 'events'): Promise<Record<string, unknown>> {
    const answered = await until202(path);
    let event: Record<string, unknown> = {};
    const isOver = async () => {
      event = { ...(await inbound?.events.get(answered)) };
      return event['state'] === 'done' || event['state'] === 'dead_letter';
    };
    await until('the event is over', isOver, 10_000);
    return event;
  }
  let sent = 0;
  async function until202(path: string): Promise<string> {
    let id: string | undefined;
    const body = `{"n":${(sent += 1)}}`;
    const isTaken = async () => {
      const answer = await fetch(`${url}/webhooks/in/${path}`, { method: 'POST', body });
      if (answer.status !== 202) return false;
      id = ((await answer.json()) as { event_id: string }).event_id;
      return true;
    };
    await until('the event is taken', isTaken, 10_000);
    return id ?? '';
  }

  it('queues with its outcome: its own rows, its delivery and done commit together', async () => {
    await mount({ withOutbound: true });
    handle = async ({ outbound: gateway, transaction }) => {
      const orders = await gateway.outboundEndpoint({ codeSuffix: 'orders' });
      await orders.queueDelivery({ payload: 'A-1' });
      transaction(async (trx) => {
        await trx('orders').insert({ name: 'A-1' });
      });
      return done();
    };
    expect(await send()).toMatchObject({ state: 'done', attempts: 1 });
    await until('it is received', () => received.length > 0, 10_000);
    expect([received, await own.database('orders')]).toEqual([['"A-1"'], [{ name: 'A-1' }]]);
  });

  it('queues nothing where its own write fails, or it throws, or wants to be tried again', async () => {
    await mount({ withOutbound: true });
    const attempts: Handle[] = [
      async ({ transaction }) => {
        transaction(() => Promise.reject(new Error('a write of my own')));
        return done();
      },
      () => Promise.reject(new Error('changed my mind')),
      () => Promise.resolve(done('the third time')),
    ];
    handle = async (context) => {
      const { outbound: gateway, attempt } = context;
      const orders = await gateway.outboundEndpoint({ codeSuffix: 'orders' });
      await orders.queueDelivery({ payload: `attempt ${attempt}` });
      return attempts[attempt - 1]?.(context) ?? deadLetter('too often');
    };
    expect(await send()).toMatchObject({ state: 'done', attempts: 3, note: 'the third time' });
    await until('it is received', () => received.length > 0, 10_000);
    handle = async ({ outbound: gateway, attempt }) => {
      await (await gateway.outboundEndpoint({ codeSuffix: 'refunds' })).queueDelivery({ payload: attempt });
      return attempt === 1 ? retry({ seconds: 0 }) : done();
    };
    expect(await send()).toMatchObject({ state: 'done', attempts: 2 });
    await until('it is received', () => received.length > 1, 10_000);
    expect([received, await own.database('glue_deliveries')]).toMatchObject([
      ['"attempt 3"', '2'],
      { length: 2 },
    ]);
  });

  it('leaves its event to be tried again where a delivery cannot be queued, and queues none of them', async () => {
    await mount({ withOutbound: true });
    handle = async ({ outbound: gateway, attempt }) => {
      const orders = await gateway.outboundEndpoint({ codeSuffix: 'orders' });
      await orders.queueDelivery({ payload: 'first', idempotencyKey: 'k' });
      await orders.queueDelivery({ payload: attempt === 1 ? 'second' : 'first', idempotencyKey: 'k' });
      return done();
    };
    expect(await send()).toMatchObject({ state: 'done', attempts: 2 });
    await until('it is received', () => received.length > 0, 10_000);
    expect([received, await own.database('glue_deliveries')]).toMatchObject([['"first"'], { length: 1 }]);
  });

  it.each<[string, OutboundSelector, string, string]>([
    ['none fits', { codeSuffix: 'none' }, 'GLUE_ENDPOINT_NOT_FOUND', 'with the suffix "none"'],
    ['none has the code', { code: 'shop-1-none' }, 'GLUE_ENDPOINT_NOT_FOUND', 'with the code "shop-1-none"'],
    ['several fit', {}, 'GLUE_ENDPOINT_AMBIGUOUS', 'backend shop,1 has 2 outbound endpoints'],
  ])('is told of an endpoint that it asks for when %s', async (_name, selector, code, words) => {
    await mount({ withOutbound: true });
    handle = ({ outbound: gateway }) => gateway.outboundEndpoint(selector).then(() => done('found'), told);
    const { note } = await send();
    expect(note).toContain(code);
    expect(note).toContain(words);
  });

  it('is told when its event belongs to no backend', async () => {
    await mount({ withOutbound: true });
    handle = ({ outbound: gateway }) => gateway.outboundEndpoint().then(() => done('found'), told);
    expect(await send('alone')).toMatchObject({
      note: expect.stringContaining(
        'the event belongs to no backend; link its inbound endpoint to one',
      ) as unknown,
    });
  });

  it('is told when the outbound side is not given to the inbound one', async () => {
    await mount({ withOutbound: false });
    handle = ({ outbound: gateway }) => gateway.outboundEndpoint().then(() => done('found'), told);
    expect(await send()).toMatchObject({
      note: expect.stringContaining('GLUE_SIDE_ABSENT') as unknown,
    });
  });
});

const told = (error: unknown) => {
  const { code, message } = error as { code: string; message: string };
  return done(`${code}: ${message}`);
};
