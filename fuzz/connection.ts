import { connect, type Socket } from 'node:net';

/** How long an answer may take, in milliseconds; far longer than it does. */
const PATIENCE_MS = 20_000;

/** A connection that is kept: one request at a time, each answered before the next. */
export class KeptConnection {
  readonly #port: number;
  #socket: Socket | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** @returns the status of the answer; undefined where the connection was closed without one */
  async ask(bytes: Buffer, isHead: boolean): Promise<number | undefined> {
    const socket = await this.#open();
    return new Promise((resolve) => {
      let received = Buffer.alloc(0);
      const finish = (status: number | undefined): void => {
        clearTimeout(timer);
        socket.removeAllListeners('data').removeAllListeners('close');
        resolve(status);
      };
      const timer = setTimeout(() => {
        socket.destroy();
        finish(undefined);
      }, PATIENCE_MS);
      socket.on('close', () => finish(undefined));
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data]);
        const answer = finalAnswer(received, isHead);
        if (answer?.closes) socket.destroy();
        if (answer) finish(answer.status);
      });
      socket.write(bytes);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #open(): Promise<Socket> {
    if (this.#socket && !this.#socket.destroyed && this.#socket.writable) return this.#socket;
    const socket = connect(this.#port, '127.0.0.1').on('error', () => {});
    await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
    socket.setNoDelay(true);
    this.#socket = socket;
    return socket;
  }
}

/** Sends bytes on a connection of their own and ends it. @returns the statuses of all answers */
export function sendAlone(port: number, bytes: Buffer): Promise<number[]> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true }, () => socket.end(bytes));
    const timer = setTimeout(() => socket.destroy(), PATIENCE_MS);
    let answer = '';
    socket.on('error', () => {});
    socket.on('data', (data: Buffer) => (answer += data.toString('latin1')));
    socket.on('close', () => {
      clearTimeout(timer);
      resolve([...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status)));
    });
  });
}

/** The first answer that is no interim one, once it is whole. */
function finalAnswer(bytes: Buffer, isHead: boolean): { status: number; closes: boolean } | undefined {
  const headEnd = bytes.indexOf('\r\n\r\n');
  if (headEnd < 0) return undefined;
  const head = bytes.subarray(0, headEnd).toString('latin1');
  const status = Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1]);
  if (status < 200) return finalAnswer(bytes.subarray(headEnd + 4), isHead);
  const length = isHead ? 0 : Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
  if (bytes.length < headEnd + 4 + length) return undefined;
  return { status, closes: /^connection: *close/im.test(head) };
}
