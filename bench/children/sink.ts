import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { asChild } from '../support/as-child.ts';

/** Takes every request, and counts those with an id that it has not seen. */
export interface SinkAnswer {
  readonly url: string;
}

/** Asked for as `last <amount>`: told when so many have come. */
export interface SinkSeen {
  /** Unix milliseconds. */
  readonly lastAt: number;
}

await asChild<object>(async () => {
  const seen = new Set<string>();
  let [wanted, tell] = [Infinity, (_: SinkSeen) => {}];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.end('ok');
      // Every body of the bench begins with its id.
      seen.add(Buffer.concat(chunks).toString('latin1', 0, 64));
      if (seen.size >= wanted) tell({ lastAt: Date.now() });
    });
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    answer: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` } satisfies SinkAnswer,
    ask: (question) =>
      new Promise<SinkSeen>((resolve) => {
        wanted = Number(question.split(' ')[1]);
        tell = resolve;
        if (seen.size >= wanted) resolve({ lastAt: Date.now() });
      }),
  };
});
