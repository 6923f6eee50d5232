import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

type Listener = (request: IncomingMessage, response: ServerResponse) => void;

/** Where providers call. */
export const INBOUND_PREFIX = '/webhooks/in/';

/** What each kind of broken request is answered, before there is a request to speak of (https://nodejs.org/api/http.html#event-clienterror). */
const brokenRequest: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};

export interface ServerParts {
  /** Takes the URLs below {@link INBOUND_PREFIX}; absent where the inbound side is. */
  readonly inbound: Listener | undefined;
  /** Takes everything else. */
  readonly app: Listener;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

/** The one server of a host. Providers' requests go straight to the inbound side, with nothing in front that reads them. */
export function createHttpServer({ inbound, app }: ServerParts): Server {
  const latest = new WeakMap<Duplex, Exchange>();
  const server = createServer(
    {
      headersTimeout: 15_000,
      // The inbound side has shorter limits of its own for bodies.
      requestTimeout: 150_000,
      // Longer than the usual 60 s of proxies, which would otherwise meet a connection that is just being closed.
      keepAliveTimeout: 65_000,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      latest.set(request.socket, { request, response });
      if ((request.headersDistinct.host?.length ?? 0) > 1) return refuseHost(response);
      if (!request.url?.startsWith('/')) request.url = originForm(request.url ?? '');
      if (inbound && request.url.startsWith(INBOUND_PREFIX)) inbound(request, response);
      else if (request.url.startsWith('/')) app(request, response);
      else refuseTarget(response);
    },
  );
  // Node would drop headers past 2,000 without a word, such as those that proxies append; their size has a limit anyway.
  server.maxHeadersCount = 0;
  // Who ends his side after the request still waits for the answer (RFC 9293 section 3.6); Node would close without one.
  Object.assign(server, { httpAllowHalfOpen: true });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    const before = latest.get(socket);
    const answer = (): void => answerBrokenRequest(error, socket);
    const isAnswering = before?.request.complete && !before.response.writableEnded;
    // A whole request in front keeps its answer: what was stored must not look refused.
    if (isAnswering && error.code !== 'ECONNRESET') before.response.once('close', answer);
    else answer();
  });
  return server;
}

/** Path and query of a target that names the whole URL, as a server must understand it (RFC 9112 section 3.2.2). */
function originForm(target: string): string {
  const [, path] = /^https?:\/\/[^/?#]+(\/[^#]*)?$/i.exec(target) ?? [target, target];
  return path ?? '/';
}

/** Whom a request with two hosts is for, every proxy sees in its own way (RFC 9112 section 3.2). */
function refuseHost(response: ServerResponse): void {
  response.writeHead(400, { connection: 'close', 'content-length': 0 }).end();
}

/** Express cannot read a request target that is no path (RFC 9112 section 3.2 knows `*` and others, for proxies). */
function refuseTarget(response: ServerResponse): void {
  const body = JSON.stringify({ error: { code: 'not_found', message: 'There is nothing here.' } });
  response.writeHead(404, { 'content-type': 'application/json' }).end(body);
}

function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
  const status = brokenRequest[error.code ?? ''] ?? '400 Bad Request';
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

/** Listens; resolves with the port. @throws Error when the address is taken or not ours */
export function listen(server: Server, port: number, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, address, () => {
      server.off('error', reject);
      const bound = server.address();
      resolve(typeof bound === 'object' && bound !== null ? bound.port : port);
    });
  });
}

/** Stops listening, lets answers under way finish for a moment, then cuts what is left. */
export function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    const timer = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
