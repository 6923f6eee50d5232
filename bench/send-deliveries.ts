import type { SendAnswer } from './children/send-bare.ts';
import type { SinkAnswer } from './children/sink.ts';
import { runChild, startChild } from './support/child.ts';
import { atPlace, stores } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

const DELIVERIES = 10_000;
const CONCURRENCY = 256;

/** Of Glue on SQLite. */
export interface SendRatios {
  readonly vsUndici: number;
  /** Undefined without Redis. */
  readonly vsQueue: number | undefined;
}

/** Stored deliveries, sent: against a bare undici loop, and against BullMQ, to the same sink. */
export async function measureSending(
  { rounds, divisor }: Effort,
  redisUrl: string | undefined,
): Promise<SendRatios> {
  const deliveries = DELIVERIES / divisor;
  const sink = await startChild<SinkAnswer>('sink', {});
  try {
    const input = { url: sink.answer.url, deliveries, concurrency: CONCURRENCY };
    const glue = (store: (typeof stores)[number]) => () =>
      atPlace(store, (place) => runChild<SendAnswer>('send-with-glue', { ...input, place }));
    const results = await alternate(rounds, {
      bare: () => runChild<SendAnswer>('send-bare', input),
      ...(redisUrl !== undefined && {
        bullmq: () => runChild<SendAnswer>('send-with-bullmq', { ...input, redisUrl }),
      }),
      sqlite: glue('sqlite'),
      ...(stores.includes('mariadb') && { mariadb: glue('mariadb') }),
    });
    const bare = best(results.bare).perSecond;
    const bullmq = 'bullmq' in results ? best(results.bullmq).perSecond : undefined;
    const row = (name: string, all: readonly SendAnswer[] | undefined) => {
      if (!all) return [];
      const { perSecond, cpuMicros } = best(all);
      const ofBullmq = bullmq === undefined ? '' : times(perSecond / bullmq);
      return [[name, count(perSecond), `${Math.round(cpuMicros)}`, times(perSecond / bare), ofBullmq]];
    };
    printTable(
      `Sending ${count(deliveries)} stored deliveries of 1 KB, ${CONCURRENCY} at once; the best of ${rounds} rounds each`,
      ['', 'deliveries/s', 'CPU µs each', 'of undici', 'of BullMQ'],
      [
        ...row('bare undici loop: no signature, no log', results.bare),
        ...row('BullMQ on Redis (appendonly), signing', 'bullmq' in results ? results.bullmq : undefined),
        ...row('Glue, SQLite (durable), signing, attempt log', results.sqlite),
        ...row('Glue, MariaDB, signing, attempt log', 'mariadb' in results ? results.mariadb : undefined),
      ],
    );
    const { perSecond } = best(results.sqlite);
    return {
      vsUndici: perSecond / bare,
      vsQueue: bullmq === undefined ? undefined : perSecond / bullmq,
    };
  } finally {
    await sink.end();
  }
}
