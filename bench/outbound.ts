import { measureBesideDead } from './beside-dead.ts';
import { measureEndToEnd } from './end-to-end.ts';
import { measureSending } from './send-deliveries.ts';
import type { Effort } from './support/effort.ts';
import { openRedis } from './support/redis-server.ts';

/** The outbound side's figures, on SQLite; null where their server is absent. Ratios, but for `end_to_end_per_second`. */
export interface OutboundFigures {
  readonly vs_undici: number | null;
  readonly vs_queue: number | null;
  readonly queue: 'bullmq';
  readonly end_to_end_per_second: number | null;
  readonly end_to_end_vs_queue: number | null;
  readonly others_p99_with_dead_endpoint: number | null;
}

export const OUTBOUND_PARTS = ['send', 'end-to-end', 'dead'] as const;
export type OutboundPart = (typeof OUTBOUND_PARTS)[number];

/** Measures the outbound side, and prints a table of each part. Figures of other parts are null. */
export async function measureOutbound(
  effort: Effort,
  parts: readonly OutboundPart[],
): Promise<OutboundFigures> {
  const redis = await openRedis();
  if (!redis) console.log('no BullMQ: redis-server is not on the PATH, and GLUE_BENCH_REDIS_URL is not set');
  try {
    const send = parts.includes('send') ? await measureSending(effort, redis?.url) : undefined;
    const endToEnd = parts.includes('end-to-end') ? await measureEndToEnd(effort, redis?.url) : undefined;
    const beside = parts.includes('dead') ? await measureBesideDead(effort) : undefined;
    return {
      vs_undici: figure(send?.vsUndici),
      vs_queue: figure(send?.vsQueue),
      queue: 'bullmq',
      end_to_end_per_second: figure(endToEnd?.perSecond),
      end_to_end_vs_queue: figure(endToEnd?.vsQueue),
      others_p99_with_dead_endpoint: figure(beside),
    };
  } finally {
    await redis?.end();
  }
}

function figure(value: number | undefined): number | null {
  return value === undefined ? null : Number(value.toFixed(3));
}
