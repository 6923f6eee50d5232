import { Queue, Worker } from 'bullmq';
import { newId } from 'glue-core';
import { asChild, cpuMs } from '../support/as-child.ts';
import { sendSigned } from '../support/send-signed.ts';
import { payloadOf } from '../support/stored-deliveries.ts';
import type { SendAnswer, SendInput } from './send-bare.ts';

/** BullMQ does the same: jobs that wait are signed and sent, and what came of each is kept. */
export interface SendWithBullmqInput extends SendInput {
  readonly redisUrl: string;
}

await asChild<SendWithBullmqInput>(async ({ redisUrl, url, deliveries, concurrency }) => {
  const connection = { url: redisUrl, maxRetriesPerRequest: null };
  const name = `send-${newId()}`;
  const queue = new Queue<string>(name, { connection });
  for (let left = deliveries; left > 0; left -= 500)
    await queue.addBulk(
      Array.from({ length: Math.min(left, 500) }, () => ({
        name: 'send',
        data: payloadOf(newId()),
        opts: { attempts: 10, backoff: { type: 'exponential', delay: 5_000 } },
      })),
    );
  const all = Promise.withResolvers<void>();
  let sent = 0;
  const worker = new Worker<string>(name, ({ data }) => sendSigned(url, data), {
    connection,
    concurrency,
    autorun: false,
  });
  worker.on('completed', () => {
    sent += 1;
    if (sent === deliveries) all.resolve();
  });
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  void worker.run();
  await all.promise;
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = (1_000 * (cpuMs() - cpuBefore)) / deliveries;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  return { answer: { perSecond: deliveries / seconds, cpuMicros } satisfies SendAnswer };
});
