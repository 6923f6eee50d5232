import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { systemClock } from 'glue-core';
import { AddressGuard } from '../../src/send/address-guard.js';
import { GuardedAgents } from '../../src/send/guarded-agents.js';
import { RequestSender, type SendResult } from '../../src/send/send-request.js';

/** Requests at once; read whole, they would be ten gigabytes. */
const AT_ONCE = 10;
/** What the process may grow by, in kilobytes: kept bytes, buffers of sockets and the test's own garbage. */
const MARGIN_KB = 150 * 1024;

describe('a receiver that floods', () => {
  const guard = new AddressGuard({ hosts: ['127.0.0.1'], cidrs: [] });
  const agents = new GuardedAgents(guard);
  const sender = new RequestSender(guard, agents, systemClock);
  let child: ChildProcess;
  let port: number;

  beforeAll(async () => {
    child = fork(new URL('flooding-receiver.mjs', import.meta.url).pathname);
    [port] = (await once(child, 'message')) as [number];
  });
  afterAll(async () => {
    await sender.close();
    child.kill();
    await once(child, 'exit');
  });

  function send(path: string, timeoutMs: number): Promise<SendResult> {
    return sender.send(
      { method: 'POST', url: `http://127.0.0.1:${port}${path}`, headers: {}, body: 'x' },
      { timeoutMs, connectTimeoutMs: 5_000, signal: new AbortController().signal },
    );
  }

  const cut = { kind: 'response', response: { status: 200, truncated: true } };
  it.each<[string, object, number?]>([
    ['/length', cut],
    ['/close', cut],
    ['/chunks', cut],
    ['/tiny-chunks', cut],
    ['/gzip', cut],
    ['/interim', { cause: 'protocol' }],
    ['/header', { cause: 'too_large' }],
    ['/trailers', { cause: 'too_large' }],
    // Little or nothing of these is kept, so only the deadline ends them.
    ['/padded-chunks', { cause: 'timeout' }, 500],
    ['/extension', { cause: 'timeout' }, 500],
    ['/status-line', { cause: 'timeout' }, 500],
  ])('with a gigabyte costs nothing: %s', async (path, expected, timeoutMs = 20_000) => {
    const before = process.resourceUsage().maxRSS;
    const results = await Promise.all(Array.from({ length: AT_ONCE }, () => send(path, timeoutMs)));
    expect(results).toEqual(Array(AT_ONCE).fill(expect.objectContaining({ kind: expect.any(String) })));
    for (const result of results) expect(result).toMatchObject(expected);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(MARGIN_KB);
    // No socket is left: this ends, or the test does not.
    while (agents.openConnections > 0) await new Promise(setImmediate);
  });
});
