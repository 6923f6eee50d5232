import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from 'glue-core';
import { Webhook } from 'standardwebhooks';
import { until } from './faults/support/until.js';

const WAREHOUSE_SECRET = `whsec_${randomBytes(24).toString('base64')}`;
const GLUE_SECRET_KEY = randomBytes(32).toString('base64');

/** A process of the example, with everything that it printed. */
interface Started {
  readonly child: ChildProcess;
  readonly log: () => string;
}

describe('the example of an app that queues and a worker that sends', () => {
  let folder: string;
  let warehouse: Server;
  /** What the warehouse got, and whose signature fits. */
  let received: unknown[];
  let started: Started[];
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-own-worker-'));
    [received, started] = [[], []];
    warehouse = createServer((request, response) => {
      void text(request).then((body) => {
        received.push(new Webhook(WAREHOUSE_SECRET).verify(body, request.headers as Record<string, string>));
        response.end();
      });
    });
    await new Promise<void>((resolve) => warehouse.listen(0, '127.0.0.1', resolve));
  });
  afterEach(async () => {
    for (const { child } of started) if (child.exitCode === null) child.kill('SIGKILL');
    warehouse.closeAllConnections();
    await new Promise((resolve) => warehouse.close(resolve));
    rmSync(folder, { recursive: true });
  });

  async function start(file: string, ready: RegExp, environment: object = {}): Promise<Started> {
    let log = '';
    const { port } = warehouse.address() as AddressInfo;
    const child = spawn(process.execPath, ['--no-warnings', `examples/own-worker/${file}`], {
      env: {
        PORT: '0',
        DATABASE_FILE: join(folder, 'shop.db'),
        WAREHOUSE_URL: `http://127.0.0.1:${port}`,
        ...{ GLUE_SECRET_KEY, WAREHOUSE_SECRET, ...environment },
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (log += String(part)));
    const process_ = { child, log: () => log };
    started.push(process_);
    await until(`${file} runs or has ended`, () => ready.test(log) || child.exitCode !== null, 20_000);
    return process_;
  }
  const startShop = async () => {
    const shop = await start('shop.ts', /http:\S+/);
    return { ...shop, url: /http:\S+/.exec(shop.log())?.[0] ?? '' };
  };
  const startWorker = () => start('worker.ts', /the worker sends/);
  async function stop({ child }: Started): Promise<number | null> {
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  }
  async function order(url: string, name: string, quantity: number): Promise<number> {
    const body = JSON.stringify({ order: name, item: 'lamp', quantity });
    const headers = { 'content-type': 'application/json' };
    return (await fetch(`${url}/orders`, { method: 'POST', headers, body })).status;
  }
  const webhookOf = (name: string, quantity: number) => ({
    type: 'order.placed',
    data: { order: name, item: 'lamp', quantity },
  });
  async function stored(table: string): Promise<number> {
    const database = openDatabase({
      client: 'sqlite',
      file: join(folder, 'shop.db'),
      durability: 'fast',
    });
    return database(table)
      .then((rows) => rows.length)
      .finally(() => database.destroy());
  }

  it('sends what was committed with its order, and nothing of an order that was rolled back', async () => {
    const [shop, worker] = [await startShop(), await startWorker()];
    expect(await order(shop.url, 'A-1', 11)).toBe(409);
    expect(await order(shop.url, 'A-2', 4)).toBe(201);
    await until('the warehouse knows', () => received.length > 0, 10_000);
    expect(await order(shop.url, 'A-3', 7)).toBe(409);
    expect(await order(shop.url, 'A-2', 4)).toBe(409);
    expect(await order(shop.url, 'A-4', 6)).toBe(201);
    await until('the warehouse knows of the other too', () => received.length > 1, 10_000);
    expect([await stop(shop), await stop(worker)]).toEqual([0, 0]);

    expect(received).toEqual([webhookOf('A-2', 4), webhookOf('A-4', 6)]);
    expect([await stored('orders'), await stored('glue_deliveries'), await stored('glue_hosts')]).toEqual([
      2, 2, 0,
    ]);
    expect([shop.log(), worker.log()]).toEqual([`${shop.url}\n`, 'the worker sends\n']);
  });

  it('queues while no worker runs, and a worker that starts later sends it', async () => {
    const shop = await startShop();
    expect(await order(shop.url, 'B-1', 1)).toBe(201);
    expect(await stop(shop)).toBe(0);
    expect(received).toEqual([]);

    const worker = await startWorker();
    await until('the warehouse knows', () => received.length > 0, 10_000);
    expect(received).toEqual([webhookOf('B-1', 1)]);
    expect(await stop(worker)).toBe(0);
  });

  it('says what is missing without its variables', async () => {
    const worker = await start('worker.ts', /the worker sends/, { GLUE_SECRET_KEY: '' });
    expect(worker.log()).toContain('secretKey does not hold 32 bytes in base64');
  });
});
