import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import { asChild } from '../support/as-child.ts';
import { signedEvent } from '../support/signed-events.ts';

/** Posts so many signed events of 1 KB over 50 connections, once each. */
export interface PostInput {
  readonly url: string;
  readonly events: number;
}

export interface PostAnswer {
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 50;

await asChild<PostInput>(async ({ url, events }) => {
  const prefix = randomBytes(4).toString('hex');
  const pools = Array.from({ length: CONNECTIONS }, (_, connection) =>
    Array.from({ length: events / CONNECTIONS }, (_each, n) => ({
      method: 'POST' as const,
      ...signedEvent(`evt_${prefix}_${connection}_${n}`, 1_024),
    })),
  );
  let connection = 0;
  const startedAt = Date.now();
  const result = await autocannon({
    ...{ url, connections: CONNECTIONS, amount: events },
    setupClient: (client) => {
      client.setRequests(pools[connection] ?? []);
      connection += 1;
    },
  });
  if (result['2xx'] !== events) throw new Error(`${result['2xx']} of ${events} events were accepted`);
  return { answer: { startedAt, p99Ms: result.latency.p99 } satisfies PostAnswer };
});
