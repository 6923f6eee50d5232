import { createServer, type AddressInfo, type Socket } from 'node:net';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** A receiver that may say anything: it has the socket, and nothing of HTTP. */
export interface RawReceiver {
  readonly port: number;
  /** Connections that were made so far. */
  readonly connections: number;
  /** Resolves when no connection is open. */
  closed(): Promise<void>;
  close(): Promise<void>;
}

/** Called at the first bytes of each request, and `accept` at each connection. */
export interface RawAnswers {
  readonly accept?: (socket: Socket) => void;
  readonly answer?: (socket: Socket, request: string) => void;
  readonly tls?: TlsOptions;
}

export async function openRawReceiver({ accept, answer, tls }: RawAnswers): Promise<RawReceiver> {
  const open = new Set<Socket>();
  let connections = 0;
  let whenClosed = () => {};
  const take = (socket: Socket): void => {
    connections += 1;
    open.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      open.delete(socket);
      if (open.size === 0) whenClosed();
    });
    accept?.(socket);
    socket.on('data', (bytes: Buffer) => {
      // Bodies may come in more than one piece; a request begins with its method.
      const text = bytes.toString('latin1');
      if (/^(?:POST|GET) /.test(text)) answer?.(socket, text);
    });
  };
  const server = tls ? createTlsServer(tls, take) : createServer(take);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    closed: () =>
      new Promise((resolve) => {
        if (open.size === 0) resolve();
        else whenClosed = resolve;
      }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) socket.destroy();
      }),
  };
}

/** Writes the same again and again, as fast as it is taken, until the connection is gone. */
export function flood(socket: Socket, text: string): void {
  const bytes = Buffer.from(text.repeat(Math.ceil(16_384 / text.length)), 'latin1');
  const more = (): void => {
    while (!socket.destroyed && socket.write(bytes));
  };
  socket.on('drain', more);
  more();
}
