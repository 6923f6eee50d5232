import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Webhook } from 'standardwebhooks';
import { until } from './faults/support/until.js';

const SHOP_SECRET = `whsec_${randomBytes(24).toString('base64')}`;
const GLUE_SECRET_KEY = randomBytes(32).toString('base64');

describe('the example of an Express app with glue-inbound', () => {
  let folder: string;
  let app: ChildProcess | undefined;
  let log = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glue-own-app-'));
  });
  afterEach(() => {
    if (app?.exitCode === null) app.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  async function start(environment: Record<string, string> = {}): Promise<string> {
    log = '';
    app = spawn(process.execPath, ['--no-warnings', 'examples/own-express-app/server.ts'], {
      env: { PORT: '0', DATABASE_FILE: join(folder, 'app.db'), GLUE_SECRET_KEY, SHOP_SECRET, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [app.stdout, app.stderr]) stream?.on('data', (text) => (log += String(text)));
    await until('it listens or has ended', () => /http:\S+/.test(log) || app?.exitCode !== null, 20_000);
    return /http:\S+/.exec(log)?.[0] ?? '';
  }
  async function stop(): Promise<number | null> {
    if (!app) return null;
    const ended = once(app, 'exit');
    app.kill('SIGTERM');
    const [code] = (await ended) as [number | null];
    return code;
  }
  async function send(url: string, id: string, body: string, secret = SHOP_SECRET): Promise<number> {
    const at = new Date();
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
      'webhook-signature': new Webhook(secret).sign(id, at, body),
    };
    return (await fetch(`${url}/webhooks/in/orders`, { method: 'POST', body, headers })).status;
  }
  const orders = async (url: string): Promise<unknown> => (await fetch(`${url}/orders`)).json();
  const paid = (order: string, cents: number) =>
    JSON.stringify({ type: 'order.paid', data: { order, cents } });

  it('takes a signed event, processes it, and stops cleanly', async () => {
    const url = await start();
    expect(await send(url, 'msg_1', paid('A-1', 4200))).toBe(202);
    expect(await send(url, 'msg_1', paid('A-1', 4200))).toBe(202);
    expect(await send(url, 'msg_2', '{"type":"order.sent"}')).toBe(202);
    expect(await send(url, 'msg_3', paid('A-3', 1), `whsec_${randomBytes(24).toString('base64')}`)).toBe(401);
    await until('the order is paid', async () => ((await orders(url)) as unknown[]).length > 0, 10_000);
    expect(await orders(url)).toEqual([{ order: 'A-1', cents: 4200 }]);
    expect(await stop()).toBe(0);
    expect(log).toBe(`${url}\n`);

    const again = await start();
    expect(await send(again, 'msg_4', paid('A-4', 100))).toBe(202);
    await until('it is paid', async () => ((await orders(again)) as unknown[]).length === 2, 10_000);
    expect(await stop()).toBe(0);
  });

  it('says what is missing without its variables', async () => {
    expect(await start({ GLUE_SECRET_KEY: '' })).toBe('');
    expect(log).toContain('secretKey does not hold 32 bytes in base64');
  });
});
