import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase, silentLogger, type Logger } from 'glue-core';
import { createHost, type Host } from '../src/host.js';
import { post, signedSample } from '../src/send-sample.js';
import { fixture, goodBackend, temporaryFolder, testConfig } from './support/host-fixture.js';

describe('a host', () => {
  let folder: string;
  let remove: () => void;
  const hosts: Host[] = [];
  beforeEach(() => void ({ folder, remove } = temporaryFolder()));
  afterEach(async () => {
    for (const host of hosts.splice(0)) await host.stop();
    remove();
  });

  function hostWith(changes: Record<string, unknown> = {}, logger: Logger = silentLogger): Host {
    const host = createHost(testConfig(folder, changes), { logger });
    hosts.push(host);
    return host;
  }
  const configured = { backends: [{ ...goodBackend, provision: true }] };
  const codesOf = async ({ installation: { inbound, outbound } }: Host) => {
    const [taking = [], sending = []] = await Promise.all([
      inbound?.endpoints.list(),
      outbound?.endpoints.list(),
    ]);
    return [...taking, ...sending].map(({ code }) => code);
  };
  const backendsIn = async () => {
    const database = openDatabase({
      client: 'sqlite',
      file: join(folder, '.glue/glue.db'),
      durability: 'fast',
    });
    const rows = await database('glue_backends').select('name', 'settings', 'version');
    await database.destroy();
    return rows as { name: string; settings: string; version: number }[];
  };

  it('makes database, key, backends and endpoints of the config at its first start, and changes nothing at the next', async () => {
    const first = hostWith(configured);
    await first.start();
    expect(await codesOf(first)).toEqual(['good-1-inbound', 'good-1-answers']);
    await first.stop();
    expect(existsSync(join(folder, '.glue/secret.key'))).toBe(true);
    const [before] = await backendsIn();
    expect(before?.settings).not.toContain(goodBackend.settings.secret);

    const second = hostWith(configured);
    await second.start();
    expect(await codesOf(second)).toEqual(['good-1-inbound', 'good-1-answers']);
    await second.stop();
    expect(await backendsIn()).toEqual([before]);
  });

  it('makes no endpoint of a backend that the config does not provision', async () => {
    const host = hostWith({ backends: [goodBackend] });
    await host.start();
    expect(await codesOf(host)).toEqual([]);
    expect(await host.installation.store.list()).toHaveLength(1);
  });

  it('updates a backend when the config says something else of it', async () => {
    const first = hostWith(configured);
    await first.start();
    await first.stop();
    const settings = { ...goodBackend.settings, region: 'us' };
    const second = hostWith({ backends: [{ ...goodBackend, settings }] });
    await second.start();
    expect(await second.installation.store.list()).toMatchObject([
      { version: 2, settings: { region: 'us' } },
    ]);
  });

  it('takes a signed event and processes it', async () => {
    const host = hostWith(configured);
    await host.start();
    const { inbound, registry } = host.installation;
    const reference = { type: 'good', id: 1 };
    expect(registry.find(reference).state).toBe('ready');
    const { status, body } = await post(host.url, await signedSample(host.installation, reference));
    expect([status, JSON.parse(body)]).toEqual([202, { status: 'accepted', event_id: expect.any(String) }]);
    await inbound?.queue.idle();
    expect(await inbound?.events.list()).toMatchObject([
      { state: 'done', type: 'thing.happened', note: 'took thing.happened at true' },
    ]);
  });

  it('is ready while it runs, and refuses everything in order once it stops', async () => {
    const host = hostWith(configured);
    await host.start();
    const ready = await fetch(`${host.url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([200, { status: 'ready' }]);

    const { inbound, outbound, changeFeed, lease, retryClock } = host.installation;
    if (!inbound || !outbound) throw new Error('both sides are needed');
    const order: string[] = [];
    const answers: number[] = [];
    const sample = await signedSample(host.installation, { type: 'good', id: 1 });
    const watched =
      <Parameters extends unknown[], Result>(name: string, call: (...p: Parameters) => Promise<Result>) =>
      async (...parameters: Parameters): Promise<Result> => {
        order.push(name);
        if (name === 'inbound') {
          answers.push((await post(host.url, sample)).status, (await fetch(`${host.url}/readyz`)).status);
          answers.push((await fetch(`${host.url}/healthz`)).status);
        }
        return call(...parameters);
      };
    Object.assign(inbound, { stop: watched('inbound', inbound.stop.bind(inbound)) });
    Object.assign(outbound, { stop: watched('outbound', outbound.stop.bind(outbound)) });
    Object.assign(changeFeed, { stop: watched('change feed', changeFeed.stop.bind(changeFeed)) });
    Object.assign(lease, { stop: watched('lease', lease.stop.bind(lease)) });
    Object.assign(retryClock, { stop: watched('clock', retryClock.stop.bind(retryClock)) });

    await Promise.all([host.stop(), host.stop()]);
    expect(order).toEqual(['inbound', 'outbound', 'change feed', 'lease', 'clock']);
    expect(answers).toEqual([503, 503, 200]);
    await expect(fetch(`${host.url}/healthz`)).rejects.toThrow();
  });

  it('does the rest of a stop although one step fails', async () => {
    const host = hostWith();
    await host.start();
    const { changeFeed, database } = host.installation;
    Object.assign(changeFeed, { stop: () => Promise.reject(new Error('cannot')) });
    expect(await host.stop()).toEqual(['change feed']);
    await expect(database.raw('SELECT 1')).rejects.toThrow();
  });

  it('ends in time although every step hangs, and says what is left', async () => {
    const told: object[] = [];
    const host = hostWith(
      { stop: { deadlineSeconds: 0 } },
      { ...silentLogger, error: (fields: object) => void told.push(fields) },
    );
    await host.start();
    const { inbound, outbound, changeFeed, lease, retryClock, database } = host.installation;
    for (const part of [inbound, outbound, changeFeed, retryClock, lease]) {
      await part?.stop(0);
      Object.assign(part ?? {}, { stop: () => new Promise(() => {}) });
    }
    // Nor does the database close while somebody uses it.
    const transaction = await database.transaction();
    const startedAt = performance.now();
    const left = await host.stop();
    expect(performance.now() - startedAt).toBeLessThan(8_000);
    expect(left).toEqual(['inbound', 'outbound', 'change feed', 'lease', 'clock', 'database']);
    expect(told).toEqual([{ left, unfinished: 0 }]);
    await transaction.rollback();
  });

  it.each([
    [
      'a connector cannot be loaded',
      { connectors: { enabled: ['throws-at-import'], packages: [fixture('throws-at-import')] } },
      'GLUE_CONNECTOR_LOAD',
    ],
    [
      'a backend of the config has no connector',
      { backends: [{ type: 'other', name: 'Other' }] },
      'GLUE_BACKEND_TYPE_UNKNOWN',
    ],
    [
      'a backend of the config is not valid',
      { backends: [{ type: 'good', name: 'Good' }] },
      'GLUE_BACKEND_INVALID',
    ],
    [
      'the database cannot be opened',
      { database: { client: 'sqlite', file: '/dev/null/glue.db' } },
      'GLUE_DATABASE_UNAVAILABLE',
    ],
    [
      'the address is not its own',
      { host: { name: 'test', port: 0, address: '203.0.113.1' } },
      'GLUE_LISTEN',
    ],
  ])('that cannot start because %s says why and leaves nothing open', async (_why, changes, code) => {
    const lines: string[] = [];
    const logger = { ...silentLogger, info: (_fields: object, message: string) => void lines.push(message) };
    const host = hostWith(changes, logger);
    await expect(host.start()).rejects.toMatchObject({ code });
    expect(lines).not.toContain('started');
    await host.stop();
    expect(() => remove()).not.toThrow();
  });

  it('goes on without a connector that fails when it is lenient; its endpoints answer 503', async () => {
    const first = hostWith(configured);
    await first.start();
    const sample = await signedSample(first.installation, { type: 'good', id: 1 });
    await first.stop();

    const connectors = {
      enabled: ['good', 'throws-at-import'],
      packages: [fixture('throws-at-import')],
      lenient: true,
    };
    const second = hostWith({ ...configured, connectors });
    await second.start();
    expect(second.installation.connectors).toMatchObject([
      { id: 'good', state: 'failed', error: { code: 'GLUE_CONNECTOR_NOT_FOUND' } },
      { id: 'throws-at-import', state: 'failed', error: { code: 'GLUE_CONNECTOR_LOAD' } },
    ]);
    expect((await post(second.url, sample)).status).toBe(503);
  });

  it('runs with one side only', async () => {
    const host = hostWith({ ...configured, sides: ['inbound'] });
    await host.start();
    expect(await codesOf(host)).toEqual(['good-1-inbound']);
    expect(host.installation.connectors).toMatchObject([{ id: 'good', leftOut: ['good:answers'] }]);
    const { status } = await post(host.url, await signedSample(host.installation, { type: 'good', id: 1 }));
    expect(status).toBe(202);
  });

  it('makes no new key where the database holds secrets of another', async () => {
    const first = hostWith(configured);
    await first.start();
    await first.stop();
    rmSync(join(folder, '.glue/secret.key'));
    await expect(hostWith(configured).start()).rejects.toMatchObject({
      code: 'GLUE_SECRET_KEY_MISSING',
      message: expect.stringContaining(join(folder, '.glue/secret.key')),
    });
    expect(existsSync(join(folder, '.glue/secret.key'))).toBe(false);
  });
});
