import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where deliveries go: counts them by idempotency key. */
export class Receiver {
  /** How often each delivery was accepted: answered with 200, on a connection that was open. */
  readonly accepted = new Map<string, number>();
  /** When each delivery first arrived, Unix milliseconds. */
  readonly firstArrival = new Map<string, number>();
  #arrivals = 0;
  #atArrival: { readonly number: number; readonly call: () => void } | undefined;

  private constructor(private readonly server: Server) {}

  static async start(): Promise<Receiver> {
    const server = createServer((request, response) => {
      const key = String(request.headers['idempotency-key']);
      request.resume().on('end', () => {
        receiver.#arrive(key);
        if (response.destroyed) return;
        receiver.accepted.set(key, (receiver.accepted.get(key) ?? 0) + 1);
        response.end('{}');
      });
    });
    const receiver = new Receiver(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Calls when the n-th delivery from now has arrived and is not answered yet. */
  atArrival(number: number, call: () => void): void {
    this.#atArrival = { number: this.#arrivals + number, call };
  }

  async close(): Promise<void> {
    await new Promise((done) => this.server.close(done).closeAllConnections());
  }

  #arrive(key: string): void {
    this.#arrivals += 1;
    if (!this.firstArrival.has(key)) this.firstArrival.set(key, Date.now());
    if (this.#arrivals !== this.#atArrival?.number) return;
    this.#atArrival.call();
  }
}
