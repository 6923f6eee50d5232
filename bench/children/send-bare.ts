import { newId } from 'glue-core';
import { asChild, cpuMs } from '../support/as-child.ts';
import { post } from '../support/send-signed.ts';
import { payloadOf } from '../support/stored-deliveries.ts';

/** What can be had at most: a loop that posts with undici, and neither signs nor writes anything down. */
export interface SendInput {
  readonly url: string;
  readonly deliveries: number;
  readonly concurrency: number;
}

export interface SendAnswer {
  readonly perSecond: number;
  /** Of this process, per delivery, in microseconds. */
  readonly cpuMicros: number;
}

await asChild<SendInput>(async ({ url, deliveries, concurrency }) => {
  const bodies = Array.from({ length: deliveries }, () => payloadOf(newId()));
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  const work = async (): Promise<void> => {
    for (let body = bodies.pop(); body !== undefined; body = bodies.pop()) await post(url, body);
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = (1_000 * (cpuMs() - cpuBefore)) / deliveries;
  return { answer: { perSecond: deliveries / seconds, cpuMicros } satisfies SendAnswer };
});
