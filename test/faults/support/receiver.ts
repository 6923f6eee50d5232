import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** How a receiver answers one arrival. */
export interface Manners {
  /** @defaultValue 200 */
  readonly status?: number;
  /** How long it takes to answer, in milliseconds. @defaultValue 0 */
  readonly delayMs?: number;
}

/** Where deliveries go: counts them by idempotency key. */
export class Receiver {
  /** How often each delivery was accepted: answered with 2xx, on a connection that was open until the answer was out. */
  readonly accepted = new Map<string, number>();
  /** When each delivery was accepted, Unix milliseconds, in order. */
  readonly acceptedAt = new Map<string, number[]>();
  /** How often each delivery came, whatever was answered. */
  readonly arrived = new Map<string, number>();
  /** What was in the last request of each delivery. */
  readonly bodies = new Map<string, string>();
  /** @param arrivals - how often this delivery has come by now, this time included */
  manners: (key: string, arrivals: number) => Manners = () => ({});
  #arrivals = 0;
  #atArrival: { readonly number: number; readonly call: () => void } | undefined;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => receiver.#receive(request, response));
    const receiver = new Receiver(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Calls when the n-th delivery from now has arrived; that one is never answered. */
  atArrival(number: number, call: () => void): void {
    this.#atArrival = { number: this.#arrivals + number, call };
  }

  async close(): Promise<void> {
    await new Promise((done) => this.server.close(done).closeAllConnections());
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    const key = String(request.headers['idempotency-key']);
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      this.bodies.set(key, Buffer.concat(chunks).toString('utf8'));
      this.#arrive(key, response);
    });
  }

  #arrive(key: string, response: ServerResponse): void {
    this.#arrivals += 1;
    const times = (this.arrived.get(key) ?? 0) + 1;
    this.arrived.set(key, times);
    if (this.#arrivals === this.#atArrival?.number) return this.#atArrival.call();
    const { status = 200, delayMs = 0 } = this.manners(key, times);
    if (delayMs === 0) return this.#answer(key, status, response);
    setTimeout(() => this.#answer(key, status, response), delayMs).unref();
  }

  #answer(key: string, status: number, response: ServerResponse): void {
    if (response.destroyed) return;
    const at = Date.now();
    response.writeHead(status).end('{}', () => {
      if (status < 200 || status > 299) return;
      this.acceptedAt.set(key, [...(this.acceptedAt.get(key) ?? []), at]);
      this.accepted.set(key, (this.accepted.get(key) ?? 0) + 1);
    });
  }
}
