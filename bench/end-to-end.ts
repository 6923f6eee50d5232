import type { PostAnswer } from './children/post-events.ts';
import type { RelayAnswer } from './children/relay-with-glue.ts';
import type { SinkAnswer, SinkSeen } from './children/sink.ts';
import { runChild, startChild } from './support/child.ts';
import { atPlace, stores } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

const EVENTS = 5_000;

export interface EndToEnd {
  /** Of Glue on SQLite. */
  readonly perSecond: number;
  /** Undefined without Redis. */
  readonly vsQueue: number | undefined;
}

interface Result {
  readonly perSecond: number;
  /** Of the answers to whoever posts. */
  readonly p99Ms: number;
}

/** Signed events over 50 connections, each handled into one signed delivery, until the last has reached the sink. */
export async function measureEndToEnd(
  { rounds, divisor }: Effort,
  redisUrl: string | undefined,
): Promise<EndToEnd> {
  const events = EVENTS / divisor;
  const glue = (store: (typeof stores)[number]) => () =>
    atPlace(store, (place) => relay('relay-with-glue', { place }, events));
  const results = await alternate(rounds, {
    ...(redisUrl !== undefined && { bullmq: () => relay('relay-with-bullmq', { redisUrl }, events) }),
    sqlite: glue('sqlite'),
    ...(stores.includes('mariadb') && { mariadb: glue('mariadb') }),
  });
  const bullmq = 'bullmq' in results ? best(results.bullmq).perSecond : undefined;
  const row = (name: string, all: readonly Result[] | undefined) => {
    if (!all) return [];
    const { perSecond, p99Ms } = best(all);
    return [[name, count(perSecond), `${p99Ms}`, bullmq === undefined ? '' : times(perSecond / bullmq)]];
  };
  printTable(
    `End to end: ${count(events)} signed events over 50 connections, one delivery each; the best of ${rounds} rounds each`,
    ['', 'events/s', 'p99 of the answers, ms', 'of BullMQ'],
    [
      ...row('Express 5, HMAC, BullMQ, undici', 'bullmq' in results ? results.bullmq : undefined),
      ...row('Glue, SQLite (durable)', results.sqlite),
      ...row('Glue, MariaDB', 'mariadb' in results ? results.mariadb : undefined),
    ],
  );
  const { perSecond } = best(results.sqlite);
  return { perSecond, vsQueue: bullmq === undefined ? undefined : perSecond / bullmq };
}

/** Some are posted before, so that code is compiled and connections are open. */
export async function relay(name: string, input: object, events: number): Promise<Result> {
  const sink = await startChild<SinkAnswer>('sink', {});
  const server = await startChild<RelayAnswer>(name, { ...input, sinkUrl: sink.answer.url });
  try {
    const { url } = server.answer;
    await Promise.all([runChild('post-events', { url, events: 500 }), sink.ask('last 500')]);
    const [{ startedAt, p99Ms }, { lastAt }] = await Promise.all([
      runChild<PostAnswer>('post-events', { url, events }),
      sink.ask<SinkSeen>(`last ${500 + events}`),
    ]);
    return { perSecond: (1_000 * events) / (lastAt - startedAt), p99Ms };
  } finally {
    await server.end();
    await sink.end();
  }
}
