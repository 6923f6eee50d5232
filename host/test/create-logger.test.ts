import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createLogger } from '../src/log/create-logger.js';

it('writes a line for each message at or above its level', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'glue-log-'));
  const dest = join(folder, 'log');
  const logger = createLogger({ level: 'info', host: 'one', pretty: false, dest });
  logger.debug({}, 'left out');
  logger.warn({ a: 1 }, 'kept');
  const [line = ''] = (await readFile(dest, 'utf8')).split('\n');
  expect(JSON.parse(line)).toMatchObject({ level: 40, host: 'one', a: 1, msg: 'kept' });
  await rm(folder, { recursive: true });
});

it.each([false, true])('does not throw when its disk is full (pretty: %s)', async (pretty) => {
  const logger = createLogger({ level: 'info', host: 'one', pretty, dest: '/dev/full' });
  for (let n = 0; n < 10; n += 1) expect(() => logger.info({ n }, 'lost')).not.toThrow();
  await new Promise((resolve) => setImmediate(resolve));
});
