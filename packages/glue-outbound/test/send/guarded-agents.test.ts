import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from 'glue-core';
import { AddressGuard } from '../../src/send/address-guard.js';
import { GuardedAgents, type AgentLimits } from '../../src/send/guarded-agents.js';
import { RequestSender } from '../../src/send/send-request.js';
import { openRawReceiver, type RawReceiver } from '../support/raw-receiver.js';

const PROXY_VARIABLES = ['HTTP_PROXY', 'http_proxy', 'HTTPS_PROXY', 'https_proxy', 'ALL_PROXY'] as const;

describe('connections to receivers', () => {
  const guard = new AddressGuard({ hosts: ['127.0.0.1'], cidrs: [] });
  let head: string;
  let receivers: RawReceiver[];
  let agents: GuardedAgents;
  let sender: RequestSender;

  beforeEach(() => {
    head = '';
    receivers = [];
    open();
  });
  afterEach(async () => {
    await sender.close();
    await Promise.all(receivers.map((receiver) => receiver.close()));
  });

  function open(limits: Partial<AgentLimits> = {}): void {
    agents = new GuardedAgents(guard, limits);
    sender = new RequestSender(guard, agents, systemClock);
  }

  async function openReceiver(): Promise<RawReceiver> {
    const answer = () => `HTTP/1.1 200 OK\r\n${head}content-length: 0\r\n\r\n`;
    const receiver = await openRawReceiver({ answer: (socket) => socket.write(answer()) });
    receivers.push(receiver);
    return receiver;
  }

  async function send({ port }: RawReceiver, connectTimeoutMs = 5_000): Promise<void> {
    const result = await sender.send(
      { method: 'POST', url: `http://127.0.0.1:${port}/`, headers: {}, body: 'x' },
      { timeoutMs: 20_000, connectTimeoutMs, signal: new AbortController().signal },
    );
    expect(result).toMatchObject({ response: { status: 200 } });
    // undici frees a connection one turn after the response; a claim takes longer.
    await new Promise((resolve) => setTimeout(resolve));
  }

  /** Ends, or the test does not. */
  async function untilOpen(amount: number): Promise<void> {
    while (agents.openConnections > amount) await new Promise((resolve) => setTimeout(resolve, 5));
  }

  it('serve one delivery after the other', async () => {
    const receiver = await openReceiver();
    for (let n = 0; n < 100; n += 1) await send(receiver);
    expect(receiver.connections).toBe(1);
    expect(agents.openConnections).toBe(1);
  });

  it('serve one delivery at a time', async () => {
    const receiver = await openReceiver();
    await Promise.all(Array.from({ length: 10 }, () => send(receiver)));
    expect(receiver.connections).toBe(10);
    await Promise.all(Array.from({ length: 10 }, () => send(receiver)));
    expect(receiver.connections).toBe(10);
  });

  it('are closed when they are idle', async () => {
    open({ keepAliveMs: 1 });
    for (let n = 0; n < 20; n += 1) await send(await openReceiver());
    await untilOpen(0);
  });

  it('are closed when they are idle, whatever the receiver says', async () => {
    open({ longestKeepAliveMs: 1 });
    head = 'keep-alive: timeout=86400\r\n';
    await send(await openReceiver());
    await untilOpen(0);
  });

  it('are not kept when too many are open', async () => {
    open({ keptConnections: 3, keepAliveMs: 600_000 });
    for (let n = 0; n < 20; n += 1) await send(await openReceiver());
    await untilOpen(3);
    expect(agents.openConnections).toBe(3);
  });

  it('of few kinds only are kept', async () => {
    open({ agents: 2, keepAliveMs: 600_000 });
    const receiver = await openReceiver();
    for (let n = 0; n < 20; n += 1) await send(receiver, 5_000 + n);
    await untilOpen(2);
    expect(agents.openConnections).toBe(2);
    // The two that were used last are still there.
    await send(receiver, 5_018);
    await send(receiver, 5_019);
    expect(receiver.connections).toBe(20);
  });

  it('are ended at the end', async () => {
    const receiver = await openReceiver();
    await send(receiver);
    await sender.close();
    await receiver.closed();
    await untilOpen(0);
  });

  it('go through no proxy of the environment', async () => {
    const before = PROXY_VARIABLES.map((name) => [name, process.env[name]] as const);
    for (const name of PROXY_VARIABLES) process.env[name] = 'http://127.0.0.1:9/';
    process.env['NODE_USE_ENV_PROXY'] = '1';
    try {
      open();
      const receiver = await openReceiver();
      await send(receiver);
      expect(receiver.connections).toBe(1);
    } finally {
      delete process.env['NODE_USE_ENV_PROXY'];
      for (const [name, value] of before) {
        if (value === undefined) delete process.env[name];
        else process.env[name] = value;
      }
    }
  });

  it('to a literal address are refused by the dialer itself', async () => {
    const strict = new GuardedAgents(new AddressGuard({ hosts: [], cidrs: [] }));
    const receiver = await openReceiver();
    const request = { origin: `http://127.0.0.1:${receiver.port}`, path: '/', method: 'GET' as const };
    await expect(strict.get(5_000).request(request)).rejects.toMatchObject({ code: 'GLUE_ADDRESS_BLOCKED' });
    expect(receiver.connections).toBe(0);
    await strict.close();
  });
});
