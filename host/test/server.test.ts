import { request as httpRequest, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { afterEach, describe, expect, it } from '@jest/globals';
import { GlueError, silentLogger, type Logger } from 'glue-core';
import request from 'supertest';
import { close, createHttpServer, listen } from '../src/http/create-server.js';
import { createHealthApp, type ReadinessCheck } from '../src/http/health-app.js';
import { inboundUrl, localUrl } from '../src/http/host-url.js';

const app = (checks: Record<string, ReadinessCheck> = {}, logger: Logger = silentLogger) =>
  createHealthApp({ checks, logger });

describe('the health app', () => {
  it('says that the host lives, whatever else is wrong', async () => {
    const response = await request(app({ database: () => 'unavailable' })).get('/healthz');
    expect([response.status, response.body]).toEqual([200, { status: 'ok' }]);
    expect(response.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(response.headers).not.toHaveProperty('x-powered-by');
  });

  it('is ready when everything is', async () => {
    const response = await request(app({ database: async () => 'ok', clock: () => 'ok' })).get('/readyz');
    expect([response.status, response.body]).toEqual([
      200,
      { status: 'ready', checks: { database: 'ok', clock: 'ok' } },
    ]);
  });

  it('is not ready when one thing is not, and says which', async () => {
    const response = await request(app({ database: () => 'ok', lease: () => 'not held' })).get('/readyz');
    expect([response.status, response.body]).toEqual([
      503,
      { status: 'not_ready', checks: { database: 'ok', lease: 'not held' } },
    ]);
  });

  it.each(['/', '/nothing', '/webhooks', '/readyz/more'])('answers 404 for %s', async (path) => {
    const response = await request(app()).post(path).send({ a: 1 });
    expect([response.status, response.body]).toEqual([
      404,
      { error: { code: 'not_found', message: 'There is nothing here.' } },
    ]);
  });

  it('answers an error it knows by its code, and one it does not without its message', async () => {
    const lines: object[] = [];
    const logger = { ...silentLogger, error: (fields: object) => void lines.push(fields) };
    const fails = (error: Error) => app({ database: () => Promise.reject(error) }, logger);
    const known = new GlueError('GLUE_DATABASE_UNAVAILABLE', 'the database cannot be reached');
    expect(await request(fails(known)).get('/readyz')).toMatchObject({
      status: 503,
      body: { error: { code: 'GLUE_DATABASE_UNAVAILABLE', message: 'the database cannot be reached' } },
    });
    expect(await request(fails(new Error('secret detail'))).get('/readyz')).toMatchObject({
      status: 500,
      body: { error: { code: 'GLUE_INTERNAL', message: 'Something went wrong.' } },
    });
    expect(lines).toMatchObject([{ reason: known.message }, { reason: 'Error' }]);
    expect(JSON.stringify(lines)).not.toContain('secret detail');
  });

  it('takes a URL that cannot be decoded for a mistake of the caller', async () => {
    const response = await request(app()).get('/%E0%A4%A');
    expect(response.status).toBeLessThan(500);
  });
});

describe('the server', () => {
  const servers: Server[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) await close(server, 100);
  });

  async function serve(
    inbound?: (request: IncomingMessage, response: ServerResponse) => void,
  ): Promise<number> {
    const server = createHttpServer({ inbound, app: app() });
    servers.push(server);
    return listen(server, 0, '127.0.0.1');
  }

  /** What the server answers to bytes that no client would send. */
  function answerTo(port: number, bytes: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
      let answer = '';
      socket.setEncoding('utf8').on('data', (text: string) => (answer += text));
      socket.on('error', reject).on('close', () => resolve(answer));
    });
  }

  it('hands webhooks to the inbound side unread, and everything else to the app', async () => {
    const urls: (string | undefined)[] = [];
    const port = await serve((incoming, response) => {
      urls.push(incoming.url);
      incoming.resume().on('end', () => response.writeHead(202).end());
    });
    const host = `http://127.0.0.1:${port}`;
    expect((await fetch(`${host}/webhooks/in/a?b=c`, { method: 'POST', body: 'x' })).status).toBe(202);
    expect((await fetch(`${host}/healthz`)).status).toBe(200);
    expect((await fetch(`${host}/webhooks/inside`)).status).toBe(404);
    expect(urls).toEqual(['/webhooks/in/a?b=c']);
  });

  it('answers 404 for webhooks where the inbound side is absent', async () => {
    const port = await serve();
    expect((await fetch(`http://127.0.0.1:${port}/webhooks/in/a`, { method: 'POST' })).status).toBe(404);
  });

  it.each([
    ['what is no HTTP', 'hello\r\n\r\n', /^HTTP\/1\.1 400 /],
    [
      'a header that is too long',
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 /,
    ],
    ['two hosts', 'GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n', /^HTTP\/1\.1 400 /],
    ['a bad length', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n', /^HTTP\/1\.1 400 /],
  ])('answers %s and lives on', async (_what, bytes, expected) => {
    const port = await serve();
    expect(await answerTo(port, bytes)).toMatch(expected);
    expect((await fetch(`http://127.0.0.1:${port}/healthz`)).status).toBe(200);
  });

  it.each([
    ['where the connection goes on', '', [202, 400]],
    ['where it was to be closed', 'Connection: close\r\n', [202]],
  ])('a whole request keeps its answer, whatever follows it: %s', async (_where, header, expected) => {
    const port = await serve((incoming, response) => {
      incoming.resume().on('end', () => setImmediate(() => response.writeHead(202).end()));
    });
    const request = `POST /webhooks/in/a HTTP/1.1\r\nHost: a\r\n${header}Content-Length: 2\r\n\r\n{}`;
    const answer = await answerTo(port, `${request}no HTTP\r\n\r\n`);
    expect([...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))).toEqual(expected);
  });

  it('a sender who has ended his side gets the answer, although it takes its time', async () => {
    const { promise: ended, resolve: hasEnded } = Promise.withResolvers<void>();
    const port = await serve((incoming, response) => {
      incoming.socket.once('end', hasEnded);
      incoming.resume().on('end', () => void ended.then(() => response.writeHead(202).end()));
    });
    const answer = await new Promise<string>((resolve, reject) => {
      let text = '';
      const socket = connect(port, '127.0.0.1', () =>
        socket.end('POST /webhooks/in/a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}'),
      );
      socket.setEncoding('utf8').on('data', (part: string) => (text += part));
      socket.on('error', reject).on('close', () => resolve(text));
    });
    expect(answer).toMatch(/^HTTP\/1\.1 202 /);
  });

  it('answers 400 at once to a body that breaks off its chunks', async () => {
    const port = await serve((incoming, response) => {
      incoming.resume().on('end', () => response.writeHead(202).end());
    });
    const head = 'POST /webhooks/in/a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    expect(await answerTo(port, `${head}zz\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('understands a target that names the whole URL', async () => {
    const urls: (string | undefined)[] = [];
    const port = await serve((incoming, response) => {
      urls.push(incoming.url);
      response.writeHead(202, { connection: 'close' }).end();
    });
    const ask = (target: string) =>
      answerTo(port, `POST ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(await ask('http://glue.example:80/webhooks/in/a?b=c')).toMatch(/^HTTP\/1\.1 202 /);
    expect(await ask('HTTPS://glue.example/webhooks/in/a')).toMatch(/^HTTP\/1\.1 202 /);
    for (const target of [
      'http://glue.example',
      'http://glue.example/nothing',
      '*',
      'ftp://a/webhooks/in/a',
      'a:80',
    ])
      expect(await ask(target)).toMatch(/^HTTP\/1\.1 40[04] /);
    expect(urls).toEqual(['/webhooks/in/a?b=c', '/webhooks/in/a']);
  });

  it('loses no header, however many there are', async () => {
    const port = await serve((incoming, response) => {
      response.writeHead(202, { connection: 'close' }).end(String(incoming.headersDistinct['last']));
    });
    const headers = `${'a:\r\n'.repeat(3_000)}Last: here\r\n`;
    const answer = await answerTo(port, `POST /webhooks/in/a HTTP/1.1\r\nHost: a\r\n${headers}\r\n`);
    expect(answer).toContain('\r\nhere\r\n');
  });

  it('closes although a client keeps its connection open', async () => {
    const port = await serve();
    const waiting = httpRequest({
      port,
      host: '127.0.0.1',
      method: 'POST',
      headers: { 'content-length': '10' },
    });
    waiting.on('error', () => {});
    waiting.write('half');
    await new Promise((resolve) => servers[0]?.once('request', resolve));
    for (const server of servers.splice(0)) await close(server, 50);
    await expect(fetch(`http://127.0.0.1:${port}/healthz`)).rejects.toThrow();
  });

  it('refuses to start on a port that is taken', async () => {
    const port = await serve();
    const second = createHttpServer({ inbound: undefined, app: app() });
    await expect(listen(second, port, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });
});

describe('the URL of a host', () => {
  it.each([
    ['127.0.0.1', 'http://127.0.0.1:80'],
    ['0.0.0.0', 'http://127.0.0.1:80'],
    ['::', 'http://[::1]:80'],
    ['fd00::1', 'http://[fd00::1]:80'],
    ['glue.internal', 'http://glue.internal:80'],
  ])('that listens on %s is %s from this machine', (address, url) => {
    expect(localUrl(address, 80)).toBe(url);
  });

  it('with the path of an endpoint is where its provider calls', () => {
    expect(inboundUrl('https://hooks.example.com/', 'a')).toBe('https://hooks.example.com/webhooks/in/a');
  });
});
