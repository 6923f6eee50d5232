import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { makeCertificate, type Certificate } from './certificates.js';

/** A receiver on the loopback interface that asks who connects, and takes only clients of one authority. */
export interface TlsReceiver {
  readonly url: string;
  /** The common name of each client, by request. */
  readonly clients: (string | undefined)[];
  readonly authorizations: (string | undefined)[];
  /** Connections that were made so far, and that are open. */
  readonly connections: { made: number; open: number };
  /** What it answers from now on. */
  answer: { readonly status: number; readonly headers?: Record<string, string>; readonly body?: string };
  close(): Promise<void>;
}

export async function openTlsReceiver(authority: Certificate): Promise<TlsReceiver> {
  const own = await makeCertificate('localhost', 2, authority);
  const connections = { made: 0, open: 0 };
  const server = createServer(
    { ...own, ca: authority.cert, requestCert: true, rejectUnauthorized: true },
    (request, response) => {
      const { subject } = (request.socket as TLSSocket).getPeerCertificate();
      receiver.clients.push(subject.CN as string | undefined);
      receiver.authorizations.push(request.headers.authorization);
      const { status, headers, body } = receiver.answer;
      request.resume().on('end', () => response.writeHead(status, headers).end(body));
    },
  );
  server.on('secureConnection', (socket) => {
    connections.made += 1;
    connections.open += 1;
    socket.on('close', () => (connections.open -= 1));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const receiver: TlsReceiver = {
    url: `https://localhost:${(server.address() as AddressInfo).port}`,
    clients: [],
    authorizations: [],
    connections,
    answer: { status: 200 },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return receiver;
}
