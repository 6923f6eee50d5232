import { connect, createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.js';

/** One connection through the proxy; `onward` is absent where it came in while the proxy hung. */
interface Passage {
  readonly client: Socket;
  onward?: Socket;
}

/** A proxy on loopback, in this process, in front of any server: the line that a test can cut. */
export class TcpProxy {
  readonly #passages = new Set<Passage>();
  #server: Server | undefined;
  #hangs = false;

  private constructor(
    /** Where clients connect; it stays the same. */
    readonly port: number,
    private readonly targetPort: number,
  ) {}

  /** Starts an open proxy before a port of this machine. */
  static async start(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(await freePort(), targetPort);
    await proxy.open();
    return proxy;
  }

  /** Passes everything on; also what was held back while it hung. */
  async open(): Promise<void> {
    this.#hangs = false;
    for (const passage of this.#passages) this.#join(passage);
    if (this.#server) return;
    const server = createServer((client) => this.#accept(client));
    this.#server = server;
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
  }

  /** The server is gone: connections are reset, new ones refused. */
  cut(): void {
    this.#server?.close();
    this.#server = undefined;
    for (const { client, onward } of this.#passages) {
      client.resetAndDestroy();
      onward?.destroy();
    }
    this.#passages.clear();
  }

  /** A black hole: connections stay, new ones are accepted, and nothing passes in either direction. */
  hang(): void {
    this.#hangs = true;
    for (const { client, onward } of this.#passages) {
      if (!onward) continue;
      client.unpipe(onward).pause();
      onward.unpipe(client).pause();
    }
  }

  /** Connections that are open now. */
  get connections(): number {
    return this.#passages.size;
  }

  close(): void {
    this.cut();
  }

  #accept(client: Socket): void {
    const passage: Passage = { client };
    this.#passages.add(passage);
    client.setNoDelay(true);
    client.on('error', () => {});
    client.once('close', () => {
      this.#passages.delete(passage);
      passage.onward?.destroy();
    });
    if (!this.#hangs) this.#join(passage);
  }

  #join(passage: Passage): void {
    const { client } = passage;
    if (!passage.onward) {
      const onward = connect(this.targetPort, '127.0.0.1').setNoDelay(true);
      onward.on('error', () => {});
      onward.once('close', () => client.destroy());
      passage.onward = onward;
    }
    client.pipe(passage.onward);
    passage.onward.pipe(client);
  }
}
