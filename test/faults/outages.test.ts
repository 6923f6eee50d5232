import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { MongoClient } from 'mongodb';
import type { HostProcess } from './support/host-process.js';
import { balance, inFlight, WHOLE, type InFlight } from './support/ledger.js';
import { MARIADBD, MariadbServer } from './support/mariadb-server.js';
import { Scene } from './support/scene.js';
import { post, Sender, type Answer } from './support/sender.js';
import { TcpProxy } from './support/tcp-proxy.js';
import { until } from './support/until.js';

const tellMemory = resolve('test/faults/support/tell-memory.mjs');

/** What `/readyz` says: the status, and what is not well. */
async function readiness(host: HostProcess): Promise<{ status: number; [check: string]: unknown }> {
  const answer = await fetch(`${host.url}/readyz`);
  return { ...((await answer.json()) as object), status: answer.status };
}

const senders: Sender[] = [];
afterEach(() => senders.splice(0).forEach((sender) => sender.abandon()));

function load(scene: Scene, pauseMs = 0): Sender {
  const sender = new Sender(() => scene.running, pauseMs);
  senders.push(sender);
  return sender;
}

/** Memory that the host has in use and cannot free, in MiB. */
async function memoryOf(host: HostProcess): Promise<number> {
  const told = (): string[] =>
    [...host.log.matchAll(/memory in use: (\d+) KiB/g)].map(([, kib]) => kib ?? '');
  const before = told().length;
  process.kill(host.pid, 'SIGUSR2');
  await until('it tells its memory', () => told().length > before, 5_000);
  return Number(told().at(-1)) / 1024;
}

const slowest = (answers: readonly Answer[]): number => Math.max(0, ...answers.map(({ tookMs }) => tookMs));
const share = (answers: readonly Answer[], part: number): number =>
  answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b)[Math.floor(answers.length * part)] ?? 0;

function figures(what: string, values: object): void {
  if (process.env['GLUE_TEST_FIGURES']) process.stderr.write(`${what}: ${JSON.stringify(values)}\n`);
}

const describeDatabase = MARIADBD === undefined ? describe.skip : describe;

describeDatabase(
  `the database${MARIADBD === undefined ? ' (skipped: GLUE_TEST_MARIADBD is not set)' : ''}`,
  () => {
    let server: MariadbServer;
    const open: { close(): unknown }[] = [];

    beforeAll(async () => {
      server = await MariadbServer.create();
      await server.start();
    }, 60_000);
    afterEach(async () => {
      for (const each of open.splice(0).reverse()) await each.close();
    });
    afterAll(() => server.remove());

    async function openScene(): Promise<{ scene: Scene; proxy: TcpProxy; host: HostProcess }> {
      const proxy = await TcpProxy.start(server.port);
      open.push(proxy);
      const scene = await Scene.open(server.url(''));
      open.push(scene);
      const tellsMemory = { imports: [tellMemory], environment: { NODE_OPTIONS: '--expose-gc' } };
      const host = await scene.start('one', { ...scene.throughPort(proxy.port), ...tellsMemory });
      return { scene, proxy, host };
    }

    it.each([
      ['cut off', 30, 'cut', { slowestMs: 1_000, mostMs: 100 }],
      ['a black hole', 24, 'hang', { slowestMs: 12_000, mostMs: 100 }],
    ] as const)(
      'is %s for %i s under load: 503 at once, memory flat, goes on by itself',
      async (_name, seconds, fault, { slowestMs, mostMs }) => {
        const { scene, proxy, host } = await openScene();
        const sender = load(scene);
        sender.start(8);
        await until('the load is on', () => sender.accepted.size > 300, 20_000);
        const before = await memoryOf(host);
        proxy[fault]();
        await sleep(500);
        const seen = sender.answers.length;
        await sleep(seconds * 500);
        const halfway = await memoryOf(host);
        expect(await readiness(host)).toMatchObject({ status: 503 });
        await sleep(seconds * 500);
        const refused = sender.answers.slice(seen);
        const after = await memoryOf(host);
        const acceptedBefore = sender.accepted.size;
        const underWay = await inFlight(scene.database);
        await proxy.open();
        const openedAt = Date.now();
        await until('events are accepted again', () => sender.accepted.size > acceptedBefore, 15_000);
        const backMs = Date.now() - openedAt;
        await sender.stop();
        await until('it is ready', async () => (await readiness(host)).status === 200, 15_000);
        const readyMs = Date.now() - openedAt;
        const ledger = await balance(scene.database, sender.accepted, scene.receiver, [underWay]);
        const statuses = [...new Set(refused.map(({ status }) => status))];
        const [median, late, last] = [share(refused, 0.5), share(refused, 0.99), slowest(refused)].map(
          Math.round,
        );
        figures(fault, {
          count: refused.length,
          median,
          late,
          last,
          before,
          halfway,
          after,
          backMs,
          readyMs,
          ledger,
        });
        expect(statuses).toEqual([503]);
        expect(refused.every(({ retryAfter }) => Number(retryAfter) > 0)).toBe(true);
        expect(slowest(refused)).toBeLessThan(slowestMs);
        expect(share(refused, 0.5)).toBeLessThan(mostMs);
        expect(after - halfway).toBeLessThan(4);
        expect(ledger).toMatchObject(WHOLE);
        expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
      },
      120_000,
    );

    it('is killed (-9) under load and started again: nothing is lost, nobody restarts the host', async () => {
      const { scene, host } = await openScene();
      const sender = load(scene);
      sender.start(8);
      await until('the load is on', () => sender.accepted.size > 300, 20_000);
      const faults: InFlight[] = [];
      for (let kill = 1; kill <= 3; kill += 1) {
        await server.kill();
        await sleep(1_000);
        const accepted = sender.accepted.size;
        await server.start();
        faults.push(await inFlight(scene.database));
        await until('events are accepted again', () => sender.accepted.size > accepted + 100, 15_000);
      }
      await sender.stop();
      const ledger = await balance(scene.database, sender.accepted, scene.receiver, faults);
      figures('server killed', ledger);
      expect(ledger).toMatchObject(WHOLE);
      expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
      expect(host.isRunning).toBe(true);
    }, 120_000);

    it.each([
      ['refuses', 'cut'],
      ['accepts and says nothing', 'hang'],
    ] as const)(
      '%s at the start: the host ends within 15 s and says why',
      async (_name, fault) => {
        const { scene, proxy, host } = await openScene();
        await host.stop();
        proxy[fault]();
        const startedAt = Date.now();
        await expect(scene.start('one', scene.throughPort(proxy.port))).rejects.toThrow(
          'GLUE_DATABASE_UNAVAILABLE',
        );
        figures(`start, ${fault}`, { ms: Date.now() - startedAt });
        expect(Date.now() - startedAt).toBeLessThan(15_000);
      },
      60_000,
    );
  },
);

const mongoUrl = process.env['GLUE_TEST_MONGODB_URL'];
const describeMongo = mongoUrl === undefined ? describe.skip : describe;

describeMongo(
  `MongoDB${mongoUrl === undefined ? ' (skipped: GLUE_TEST_MONGODB_URL is not set)' : ''}`,
  () => {
    const target = new URL(mongoUrl ?? 'mongodb://127.0.0.1:27017/');
    const name = `glue_faults_${process.pid}_${Date.now()}`;
    let scene: Scene;
    let proxy: TcpProxy;

    beforeAll(async () => {
      proxy = await TcpProxy.start(Number(target.port));
      scene = await Scene.open();
    });
    afterAll(async () => {
      await scene.close();
      await proxy.open();
      await emptyStore();
      proxy.close();
    });

    const config = () => ({
      config: { clock: { store: 'mongodb', url: `mongodb://127.0.0.1:${proxy.port}/${name}` } },
    });

    async function emptyStore(): Promise<void> {
      const client = await new MongoClient(target.href).connect();
      await client.db(name).dropDatabase();
      await client.close();
    }

    /** How long an event took from its arrival to its end, the first attempt of which failed. */
    async function retried(host: HostProcess, id: string): Promise<number> {
      const startedAt = Date.now();
      expect(await post(host.url, { id, neverOnce: true })).toMatchObject({ status: 202 });
      await until(`${id} is delivered`, () => scene.receiver.accepted.has(id), 40_000);
      return Date.now() - startedAt;
    }

    it.each([
      ['cut off', 'cut'],
      ['a black hole', 'hang'],
    ] as const)(
      'is %s under load: ingest and fresh work go on, retries go by timers, readiness shows it, and it heals',
      async (_name, fault) => {
        const host = await scene.start('one', config());
        const sender = load(scene, 10);
        sender.start(4);
        proxy[fault]();
        const [seen, delivered] = [sender.answers.length, scene.receiver.accepted.size];
        await until('readiness shows it', async () => (await readiness(host)).status === 503, 20_000);
        await until('fresh work goes on', () => scene.receiver.accepted.size > delivered + 50, 20_000);
        const meanwhile = sender.answers.slice(seen);
        await sender.stop();
        // In a quiet lane nothing but the clock or the sweep looks at it.
        const away = await retried(host, `${fault}-away`);
        await proxy.open();
        await emptyStore();
        const backAt = Date.now();
        await until('readiness is well again', async () => (await readiness(host)).status === 200, 40_000);
        const readyMs = Date.now() - backAt;
        const back = await retried(host, `${fault}-back`);
        const ids = [...sender.accepted.keys(), `${fault}-away`, `${fault}-back`];
        const ledger = await balance(scene.database, new Set(ids), scene.receiver);
        figures(`MongoDB, ${fault}`, { away, back, readyMs, slowest: slowest(meanwhile), ledger });
        expect(meanwhile.every(({ status }) => status === 202)).toBe(true);
        expect(slowest(meanwhile)).toBeLessThan(2_000);
        expect(away).toBeLessThan(25_000);
        expect(back).toBeLessThan(8_000);
        expect(ledger).toMatchObject(WHOLE);
        expect(await host.stop()).toEqual({ code: 0, signal: null });
      },
      120_000,
    );

    it.each([
      ['refuses', 'cut'],
      ['accepts and says nothing', 'hang'],
    ] as const)(
      '%s at the start: the host ends within 15 s and says why',
      async (_name, fault) => {
        await proxy.open();
        proxy[fault]();
        const startedAt = Date.now();
        await expect(scene.start('one', config())).rejects.toThrow('GLUE_CLOCK_UNAVAILABLE');
        figures(`start, MongoDB, ${fault}`, { ms: Date.now() - startedAt });
        expect(Date.now() - startedAt).toBeLessThan(15_000);
      },
      60_000,
    );
  },
);
