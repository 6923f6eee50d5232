import { createServer, type AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ManualClock, type Clock } from 'glue-core';
import type { OutboundRequest } from '../../src/delivery.js';
import { AddressGuard, type ResolveName } from '../../src/send/address-guard.js';
import { GuardedAgents } from '../../src/send/guarded-agents.js';
import { RequestSender, type SendResult } from '../../src/send/send-request.js';
import { readUserAgent } from '../../src/send/user-agent.js';
import { openSink, type Sink } from '../support/sink.js';

describe('sending a request', () => {
  const clock = new ManualClock();
  let sink: Sink;
  let sender: RequestSender;
  const open: RequestSender[] = [];

  beforeEach(async () => {
    sink = await openSink();
    sender = senderThatAllows(['127.0.0.1']);
  });
  afterEach(async () => {
    await Promise.all(open.splice(0).map((each) => each.close()));
    await sink.close();
  });

  function senderThatAllows(hosts: string[], cidrs: string[] = [], resolve?: ResolveName): RequestSender {
    const guard = new AddressGuard({ hosts, cidrs }, resolve);
    const made = new RequestSender(guard, new GuardedAgents(guard), clock);
    open.push(made);
    return made;
  }

  function send(
    request: Partial<OutboundRequest> = {},
    { by = sender, signal = new AbortController().signal }: { by?: RequestSender; signal?: AbortSignal } = {},
  ): Promise<SendResult> {
    return by.send(
      { method: 'POST', url: `${sink.url}/hook`, headers: {}, ...request },
      { timeoutMs: 15_000, connectTimeoutMs: 5_000, signal },
    );
  }

  it('delivers method, path, headers and body, and reads the response', async () => {
    sink.answer = (response) => response.writeHead(201, { 'X-Reply': ['a', 'b'] }).end('made ü');
    const result = await send({
      method: 'PUT',
      url: `${sink.url}/a%2Fb?c=d`,
      headers: { 'x-own': '1' },
      body: '{"ü":1}',
    });
    expect(result).toEqual({
      kind: 'response',
      response: {
        status: 201,
        headers: expect.objectContaining({ 'x-reply': 'a, b' }),
        body: 'made ü',
        truncated: false,
      },
    });
    expect(sink.received).toEqual([
      {
        method: 'PUT',
        url: '/a%2Fb?c=d',
        headers: expect.objectContaining({ 'x-own': '1', 'content-length': '8' }),
        body: '{"ü":1}',
      },
    ]);
  });

  it('delivers bytes as they are', async () => {
    await send({ body: new Uint8Array([104, 105]) });
    expect(sink.received[0]?.body).toBe('hi');
  });

  it('follows no redirect', async () => {
    sink.answer = (response) => response.writeHead(302, { location: `${sink.url}/elsewhere` }).end();
    expect(await send()).toMatchObject({ response: { status: 302 } });
    expect(sink.received).toHaveLength(1);
  });

  it.each([
    [65_536, false],
    [65_537, true],
    [5_000_000, true],
  ])('keeps 64 KiB of a response of %i bytes', async (size, truncated) => {
    sink.answer = (response) => response.end('x'.repeat(size));
    const result = await send();
    expect(result).toMatchObject({ response: { status: 200, truncated } });
    expect(result.kind === 'response' && result.response.body.length).toBe(65_536);
  });

  it('stops reading a response that never ends', async () => {
    let ended = false;
    sink.answer = (response) => {
      const more = () => {
        while (!ended && response.write('x'.repeat(16_384)));
      };
      response.on('drain', more).on('close', () => (ended = true));
      more();
    };
    expect(await send()).toMatchObject({ response: { truncated: true } });
  });

  it('ends a response that drips when the deadline passes', async () => {
    sink.answer = (response) => {
      response.writeHead(200);
      let turns = 0;
      const drip = () => {
        response.write('a');
        if ((turns += 1) < 50) setImmediate(drip);
        else clock.advance(15_000);
      };
      drip();
    };
    expect(await send()).toEqual({
      kind: 'failure',
      cause: 'timeout',
      note: 'no complete response within 15000 ms',
      status: 200,
    });
  });

  it('ends the wait for headers when the deadline passes', async () => {
    sink.answer = () => clock.advance(15_000);
    expect(await send()).toMatchObject({ kind: 'failure', cause: 'timeout' });
  });

  it('ends the wait for a connection when the deadline passes', async () => {
    // A name server that says nothing: the connection is not even dialled.
    const by = senderThatAllows([], [], () => clock.advance(15_000));
    expect(await send({ url: 'http://silent.example/' }, { by })).toMatchObject({ cause: 'timeout' });
  });

  it('leaves no timer behind', async () => {
    const timers = new Set<() => void>();
    const counting: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic(),
      after: (delayMs, call) => {
        const cancel = clock.after(delayMs, call);
        timers.add(cancel);
        return () => {
          timers.delete(cancel);
          cancel();
        };
      },
    };
    const guard = new AddressGuard({ hosts: ['127.0.0.1'], cidrs: [] });
    const by = new RequestSender(guard, new GuardedAgents(guard), counting);
    open.push(by);
    sink.answer = (response) => {
      expect(timers.size).toBe(1);
      response.end();
    };
    expect((await send({}, { by })).kind).toBe('response');
    expect(timers.size).toBe(0);
  });

  it('ends when nobody wants the result any more', async () => {
    const abort = new AbortController();
    sink.answer = () => abort.abort(new Error('the host stops'));
    expect(await send({}, { signal: abort.signal })).toMatchObject({ kind: 'failure', cause: 'internal' });
  });

  it('knows a response that breaks off', async () => {
    sink.answer = (response) => {
      response.writeHead(200, { 'content-length': '100' }).write('a');
      setImmediate(() => response.destroy());
    };
    expect(await send()).toMatchObject({ kind: 'failure', cause: 'reset', status: 200 });
  });

  it('knows a connection that is closed without an answer', async () => {
    sink.answer = (response) => response.destroy();
    expect(await send()).toMatchObject({ kind: 'failure', cause: 'reset' });
  });

  it('knows a receiver that does not listen', async () => {
    const { port } = sink;
    await sink.close();
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({
      cause: 'connect',
      note: 'ECONNREFUSED',
    });
    sink = await openSink();
  });

  it('knows a receiver that does not speak HTTP, and one that does not speak TLS', async () => {
    const server = createServer((socket) =>
      socket
        .resume()
        .end('SSH-2.0-OpenSSH\r\n')
        .on('error', () => {}),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    expect(await send({ url: `http://127.0.0.1:${port}/` })).toMatchObject({ cause: 'protocol' });
    expect(await send({ url: `https://127.0.0.1:${port}/` })).toMatchObject({ cause: 'tls' });
    await new Promise((resolve) => server.close(resolve));
  });

  it('knows headers that are too large', async () => {
    sink.answer = (response) => response.writeHead(200, { 'x-long': 'x'.repeat(200_000) }).end();
    expect(await send()).toMatchObject({ cause: 'too_large' });
  });

  it('knows a name that does not resolve', async () => {
    const by = senderThatAllows([], [], (_name, _options, done) =>
      done(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }), []),
    );
    expect(await send({ url: 'http://nowhere.example/' }, { by })).toMatchObject({
      cause: 'dns',
      note: 'ENOTFOUND',
    });
  });

  it('refuses the loopback interface unless it is allowed, by number and by name', async () => {
    const toSink: ResolveName = (_name, _options, done) => done(null, [{ address: '127.0.0.1', family: 4 }]);
    const strict = senderThatAllows([], [], toSink);
    const named = `http://rebind.example:${sink.port}/`;
    expect(await send({}, { by: strict })).toMatchObject({ cause: 'blocked_address' });
    expect(await send({ url: named }, { by: strict })).toEqual({
      kind: 'failure',
      cause: 'blocked_address',
      note: 'rebind.example resolves to an address that is not public: if it may be called, name it in outbound.allow of the configuration',
    });
    expect(sink.received).toEqual([]);
    const relaxed = senderThatAllows([], ['127.0.0.0/8'], toSink);
    expect(await send({ url: named }, { by: relaxed })).toMatchObject({ response: { status: 200 } });
  });

  it('checks a name at each dial, so that it cannot turn inwards later', async () => {
    const answers = ['127.0.0.1', '127.0.0.2'];
    const by = senderThatAllows([], ['127.0.0.1/32'], (_name, _options, done) =>
      done(null, [{ address: answers.shift() ?? '', family: 4 }]),
    );
    sink.answer = (response) => response.writeHead(200, { connection: 'close' }).end();
    const url = `http://turning.example:${sink.port}/`;
    expect(await send({ url }, { by })).toMatchObject({ response: { status: 200 } });
    expect(await send({ url }, { by })).toMatchObject({ cause: 'blocked_address' });
  });

  it.each<[string, Partial<OutboundRequest>]>([
    ['URL', { url: 'nonsense' }],
    ['header name', { headers: { 'x y': '1' } }],
    ['header value', { headers: { 'x-y': 'a\r\nb: c' } }],
    ['content length', { headers: { 'content-length': '1' }, body: 'four' }],
  ])('knows a %s that no request can have', async (_, request) => {
    expect(await send(request)).toMatchObject({ kind: 'failure', cause: 'rendering' });
    expect(sink.received).toEqual([]);
  });

  it('names Glue with its version', () => {
    expect(readUserAgent()).toMatch(/^Glue\/\d+\.\d+\.\d+/);
  });
});
