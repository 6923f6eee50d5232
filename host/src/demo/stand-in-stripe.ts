import { createServer, type IncomingMessage } from 'node:http';
import { close, listen } from '../http/create-server.js';

/** One answer of the stand-in. */
export interface ScriptedAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One request that the stand-in got. */
export interface SeenRequest {
  readonly method: string;
  readonly path: string;
  readonly body: string;
  readonly idempotencyKey: string | undefined;
  readonly answered: number;
}

/** A server on this machine that stands in for Stripe's API and answers as scripted; after the script, 200. */
export interface StandIn {
  readonly url: string;
  readonly requests: readonly SeenRequest[];
  stop(): Promise<void>;
}

export async function startStandIn(script: readonly ScriptedAnswer[]): Promise<StandIn> {
  const requests: SeenRequest[] = [];
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const { status, headers = {} } = script[requests.length] ?? { status: 200 };
      requests.push({
        method: request.method ?? '',
        path: request.url ?? '',
        body,
        idempotencyKey: request.headersDistinct['idempotency-key']?.[0],
        answered: status,
      });
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(status < 300 ? '{"object":"payment_intent"}' : '{"error":{"type":"api_error"}}');
    });
  });
  const port = await listen(server, 0, '127.0.0.1');
  return { url: `http://127.0.0.1:${port}`, requests, stop: () => close(server, 500) };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
