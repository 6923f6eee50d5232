import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  BackendRegistry,
  BackendStore,
  BackendTypes,
  ChangeFeed,
  HostLease,
  ManualClock,
  SecretBox,
  announceChange,
  secret,
  type BackendClass,
  type BackendView,
  type Database,
  type Logger,
  type OutboundPort,
} from 'glue-core';
import { z } from 'zod';
import { createInbound, type Inbound } from '../../src/create-inbound.js';
import {
  inboundEndpointConfigSchema,
  type InboundEndpointConfig,
} from '../../src/endpoint/endpoint-config.js';
import { inboundConfigSchema, type InboundConfig } from '../../src/inbound-config.js';
import type { InboundHandler } from '../../src/process/inbound-event.js';
import { makeSqlite } from './databases.js';

export const SECRET = 'It is a secret to everybody';
const timedSecret = z.strictObject({ secret: secret(), notAfter: z.number().optional() });
export const shopSettings = z.object({
  webhookSecret: secret(),
  oldSecrets: z.array(z.union([secret(), timedSecret])).optional(),
});
export type ConfigInput = z.input<typeof inboundEndpointConfigSchema>;

export const openConfig: ConfigInput = { verification: { mode: 'none' } };
export const githubConfig: ConfigInput = {
  verification: { mode: 'hmac', preset: 'github', secrets: [{ setting: 'webhookSecret' }] },
  semantics: { delivery_id: [{ header: 'x-github-delivery' }], event_type: [{ header: 'x-github-event' }] },
  identity: { delivery: 'delivery_id' },
  payload: 'object',
};

/** A configuration with its defaults, of an endpoint that proves nothing. */
export function configOf(config: Omit<ConfigInput, 'verification'>): InboundEndpointConfig {
  return inboundEndpointConfigSchema.parse({ ...openConfig, ...config });
}

export interface NewEndpoint {
  readonly path: string;
  readonly config: unknown;
  readonly state?: string;
  readonly backend?: { readonly type: string; readonly id: number };
  readonly handler?: string;
}

export interface Fixture {
  readonly database: Database;
  readonly clock: ManualClock;
  readonly inbound: Inbound;
  readonly logged: { fields: object; message: string }[];
  /** Base URL of a plain HTTP server around the listener. */
  readonly url: string;
  readonly port: number;
  readonly backends: BackendStore;
  readonly changeFeed: ChangeFeed;
  addEndpoint(endpoint: NewEndpoint): Promise<number>;
  addBackend(type: string, settings?: Record<string, unknown>): Promise<BackendView>;
  /** Has every change seen, as the change feed would within a second. */
  look(): Promise<void>;
  stop(): Promise<void>;
}

export interface FixtureOptions {
  readonly classes?: readonly BackendClass[];
  readonly handlers?: Readonly<Record<string, InboundHandler>>;
  readonly outbound?: OutboundPort;
  readonly publicUrl?: string;
  /** What is other than by default. */
  readonly config?: Partial<InboundConfig>;
  /** Shared with another host; the caller removes it. @defaultValue one of its own */
  readonly database?: Database;
  /** @defaultValue `one` */
  readonly hostName?: string;
}

/** One host of the inbound side alone, with a manual clock, behind `http.createServer`. */
export async function startInbound({
  classes = [],
  handlers = {},
  outbound,
  publicUrl,
  database: shared,
  hostName = 'one',
  config = {},
}: FixtureOptions = {}): Promise<Fixture> {
  const { database, remove } = shared ? { database: shared, remove: async () => {} } : await makeSqlite();
  const clock = new ManualClock();
  const logged: Fixture['logged'] = [];
  const log = (fields: object, message: string) => void logged.push({ fields, message });
  const logger: Logger = { debug: log, info: log, warn: log, error: log, child: () => logger };
  const types = new BackendTypes();
  const box = new SecretBox(Buffer.alloc(32, 7));
  for (const each of classes) types.register(each, 'shop');
  const backends = new BackendStore(database, types, box, clock);
  const registry = new BackendRegistry(types, backends, (Class) => new Class(), logger);
  const changeFeed = new ChangeFeed(database, clock, logger);
  changeFeed.onChange('backends', () => registry.refresh());
  const lease = new HostLease({
    database,
    clock,
    logger,
    name: hostName,
    leaseMs: 86_400_000,
    readTime: () => Promise.resolve(clock.now()),
  });
  await lease.start();
  const inbound = createInbound({
    database,
    clock,
    logger,
    lease,
    registry,
    changeFeed,
    box,
    retryClock: { wakeAt: () => {} },
    handlers: new Map(Object.entries(handlers)),
    ...(outbound && { outbound }),
    ...(publicUrl !== undefined && { publicUrl }),
    config: { ...inboundConfigSchema.parse({}), ...config },
  });
  await inbound.start();
  const server = createServer((request, response) => inbound.listener(request, response));
  // As the host's server does.
  Object.assign(server, { httpAllowHalfOpen: true });
  const port = await listen(server);

  const look = () => changeFeed.look();
  return {
    database,
    clock,
    inbound,
    logged,
    url: `http://127.0.0.1:${port}`,
    port,
    backends,
    changeFeed,
    look,
    addEndpoint: async ({ path, config, state = 'active', backend, handler }) => {
      const id = await database.transaction(async (trx) => {
        const [made] = await trx('glue_inbound_endpoints').insert({
          name: path,
          code: path,
          suffix: 'inbound',
          state,
          company: 'default',
          handler: handler ?? null,
          backend_type: backend?.type ?? null,
          backend_id: backend?.id ?? null,
          path,
          config: JSON.stringify(config),
          version: 1,
          created_at: 0,
          updated_at: 0,
        });
        await announceChange(trx, 'inbound');
        return Number(made);
      });
      await look();
      return id;
    },
    addBackend: async (type, settings = { webhookSecret: SECRET }) => {
      const view = await backends.create({ type, name: 'Shop', settings }, 'test');
      await look();
      return view;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await inbound.stop(1_000);
      await changeFeed.stop();
      await lease.stop();
      await remove();
    },
  };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

/** What the server has in common with a caller: posts and reads the answer. */
export async function post(
  url: string,
  body: string | Buffer,
  headers: Record<string, string> = {},
): Promise<{ status: number; headers: Headers; body: unknown }> {
  const response = await fetch(url, { method: 'POST', body, headers });
  return { status: response.status, headers: response.headers, body: await response.json() };
}

/** Resolves when the server's side of things has come so far. */
export async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
