import { timingSafeEqual } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { Queue, Worker } from 'bullmq';
import express from 'express';
import { newId } from 'glue-core';
import { asChild } from '../support/as-child.ts';
import { sendSigned } from '../support/send-signed.ts';
import { SIGNATURE_HEADER, signatureOf } from '../support/signed-events.ts';
import type { RelayAnswer, RelayInput } from './relay-with-glue.ts';

/**
 * What a team would write without Glue: a route that checks the signature and queues a job, and a worker that handles
 * it: signs and posts. An event that comes again is known by its id, as Glue knows it.
 */
await asChild<RelayInput & { readonly redisUrl: string }>(async ({ redisUrl, sinkUrl }) => {
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const name = `relay-${newId()}`;
  const queue = new Queue<string>(name, { connection });
  const worker = new Worker<string>(name, ({ data }) => sendSigned(sinkUrl, data), {
    connection,
    concurrency: 256,
  });
  const app = express();
  app.post('/in', express.raw({ type: '*/*', limit: '1mb' }), async (request, response) => {
    const body = request.body as Buffer;
    if (!isSame(String(request.headers[SIGNATURE_HEADER]), signatureOf(body))) {
      response.status(401).json({ error: 'signature' });
      return;
    }
    const text = body.toString();
    const { id } = JSON.parse(text) as { id: string };
    const opts = { jobId: id, attempts: 10, backoff: { type: 'exponential', delay: 5_000 } };
    await queue.add('event', text, opts);
    response.status(202).json({ status: 'accepted', event_id: id });
  });
  const server = app.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return {
    answer: {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/in`,
    } satisfies RelayAnswer,
    end: async () => {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
    },
  };
});

function isSame(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
