import { randomBytes } from 'node:crypto';
import autocannon from 'autocannon';
import { asChild } from '../support/as-child.ts';
import { signedEvent } from '../support/signed-events.ts';

/** Posts signed events over 50 connections, each as soon as the one before is answered. */
export interface LoadInput {
  readonly url: string;
  readonly bytes: number;
  readonly seconds: number;
  /** @defaultValue as many as are answered */
  readonly perSecond?: number;
  /**
   * More than will be answered in a second: so many bodies are made and signed before the clock starts, for which
   * connections that are open already wait. @defaultValue more than any server here answers
   */
  readonly mostPerSecond?: number;
}

export interface LoadAnswer {
  readonly perSecond: number;
  readonly accepted: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const CONNECTIONS = 50;
/** At 1 KB. */
const MAX_PER_SECOND = 30_000;

await asChild<LoadInput>(async (input) => ({ answer: await load(input) }));

async function load({ url, bytes, seconds, perSecond, mostPerSecond }: LoadInput): Promise<LoadAnswer> {
  const most = perSecond ?? mostPerSecond ?? MAX_PER_SECOND * (1024 / bytes) ** 0.15;
  const perConnection = Math.ceil((most * (seconds + 2)) / CONNECTIONS);
  const prefix = randomBytes(4).toString('hex');
  const pools = Array.from({ length: CONNECTIONS }, (_, connection) =>
    Array.from({ length: perConnection }, (_each, n) => ({
      method: 'POST' as const,
      ...signedEvent(`evt_${prefix}_${connection}_${n}`, bytes),
    })),
  );
  let connection = 0;
  const answers = { count: 0, firstAt: 0, lastAt: 0 };
  const result = await autocannon({
    url,
    connections: CONNECTIONS,
    duration: seconds,
    ...(perSecond !== undefined && { overallRate: perSecond }),
    setupClient: (client) => {
      client.setRequests(pools[connection] ?? []);
      connection += 1;
      client.on('response', () => {
        answers.lastAt = performance.now();
        if (answers.count === 0) answers.firstAt = answers.lastAt;
        answers.count += 1;
      });
    },
  });
  if (result.non2xx > 0 || result.errors > 0)
    throw new Error(`${result.non2xx} requests were refused, ${result.errors} failed`);
  if (result.requests.sent > CONNECTIONS * perConnection * 0.95)
    throw new Error(
      `the prepared bodies ran out (${result.requests.sent} of ${CONNECTIONS * perConnection} in ${result.duration} s)`,
    );
  return {
    // From answer to answer: before the first, the load writes out all that it is going to send, a second or two.
    perSecond: (1_000 * (answers.count - 1)) / (answers.lastAt - answers.firstAt),
    accepted: result['2xx'],
    p50Ms: result.latency.p50,
    p99Ms: result.latency.p99,
  };
}
