import { fork } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it } from '@jest/globals';
import { systemClock } from 'glue-core';
import { AddressGuard } from '../../src/send/address-guard.js';
import { GuardedAgents } from '../../src/send/guarded-agents.js';
import { RequestSender } from '../../src/send/send-request.js';

it('a receiver that never accepts costs the time for a connection, not the whole of the time', async () => {
  const child = fork(new URL('blocked-listener.mjs', import.meta.url).pathname);
  const [port] = (await once(child, 'message')) as [number];
  const guard = new AddressGuard({ hosts: ['127.0.0.1'], cidrs: [] });
  const agents = new GuardedAgents(guard);
  const sender = new RequestSender(guard, agents, systemClock);
  // More than the backlog takes: from then on nobody answers a SYN.
  const others = Array.from({ length: 8 }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(others.slice(0, 2).map((socket) => once(socket, 'connect')));

  const result = await sender.send(
    { method: 'POST', url: `http://127.0.0.1:${port}/`, headers: {}, body: 'x' },
    { timeoutMs: 60_000, connectTimeoutMs: 100, signal: new AbortController().signal },
  );
  expect(result).toEqual({ kind: 'failure', cause: 'connect', note: 'UND_ERR_CONNECT_TIMEOUT' });
  expect(agents.openConnections).toBe(0);

  for (const socket of others) socket.destroy();
  await sender.close();
  child.kill('SIGKILL');
  await once(child, 'exit');
});
