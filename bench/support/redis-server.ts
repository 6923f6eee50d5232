import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { Redis } from 'ioredis';

/** A Redis for the queue that Glue is compared with: it writes down what it is told (`appendonly yes`). */
export interface RedisServer {
  readonly url: string;
  end(): Promise<void>;
}

const BINARY = 'redis-server';

/** The server that GLUE_BENCH_REDIS_URL names, or one of our own where the binary is on the PATH; else undefined. */
export async function openRedis(): Promise<RedisServer | undefined> {
  const given = process.env['GLUE_BENCH_REDIS_URL'];
  if (given !== undefined) return { url: given, end: async () => {} };
  if (!isOnPath()) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'glue-bench-redis-'));
  const port = await freePort();
  const options = { bind: '127.0.0.1', port: `${port}`, appendonly: 'yes', save: '', dir: folder };
  const server = spawn(
    BINARY,
    Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: 'ignore' },
  );
  const url = `redis://127.0.0.1:${port}`;
  await answers(url);
  return {
    url,
    end: async () => {
      server.kill();
      await once(server, 'exit');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isOnPath(): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, BINARY), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function answers(url: string): Promise<void> {
  const redis = new Redis(url, { maxRetriesPerRequest: 50, retryStrategy: () => 100 });
  redis.on('error', () => {});
  await redis.ping();
  redis.disconnect();
}
