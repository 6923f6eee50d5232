import {
  GlueError,
  LargeContent,
  unreadable,
  type AttemptContext,
  type AttemptResult,
  type ClaimedRow,
  type Database,
  type StoredContent,
  type WorkSource,
} from 'glue-core';
import { loadDeliveries, type StoredDelivery } from '../store/load-deliveries.js';
import { DELIVERY_WORK } from '../store/tables.js';
import type { OutboundItem, UnreadableItem } from './delivery-item.js';
import { attemptDeadlineMs } from './attempt-deadline.js';
import { dispatchDelivery, type DispatchTools } from './dispatch-delivery.js';
import type { DispatchTargets } from './dispatch-target.js';

/** What outbound gives the work queue: its tables, and how one delivery is tried. */
export class DeliverySource implements WorkSource<OutboundItem | UnreadableItem> {
  readonly name = 'outbound';
  readonly table = DELIVERY_WORK;

  constructor(
    private readonly database: Database,
    private readonly targets: DispatchTargets,
    private readonly tools: DispatchTools,
  ) {}

  laneLimit(lane: number, running: number): number {
    const { health, releases } = this.tools;
    const target = this.targets.find(lane);
    return target.state === 'ready' && !releases.holds(lane) ? health.limit(target.endpoint, running) : 0;
  }

  async load(
    rows: readonly ClaimedRow[],
    maxBytes: number,
  ): Promise<ReadonlyMap<string, OutboundItem | UnreadableItem | 'held' | LargeContent>> {
    const deliveries = await loadDeliveries(
      this.database,
      rows.map(({ id }) => id),
      maxBytes,
    );
    return new Map(
      rows.flatMap((row) => {
        const stored = deliveries.get(row.id);
        return stored ? [[row.id, this.#item(row, stored)]] : [];
      }),
    );
  }

  async attempt(item: OutboundItem | UnreadableItem, context: AttemptContext): Promise<AttemptResult> {
    return 'unreadable' in item ? unreadable(item.unreadable) : dispatchDelivery(item, context, this.tools);
  }

  /**
   * What was paused, broke, or was made, since the lane was looked at is no fault of a delivery: it waits, without an
   * attempt.
   */
  #item(
    { id, endpointId, failures }: ClaimedRow,
    stored: StoredContent<StoredDelivery> | LargeContent,
  ): OutboundItem | UnreadableItem | 'held' | LargeContent {
    const target = this.targets.find(endpointId);
    if (target.state === 'held') return 'held';
    if (stored instanceof LargeContent) return stored;
    const { config } = target.endpoint;
    const { retryPolicy, deadLetterBlocks: blocksKey } = config;
    const work = { id, retryPolicy, blocksKey, deadlineMs: attemptDeadlineMs(config) };
    return stored instanceof GlueError
      ? { ...work, unreadable: stored }
      : { ...stored, ...work, target, failures };
  }
}
