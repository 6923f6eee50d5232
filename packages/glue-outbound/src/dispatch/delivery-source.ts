import {
  GlueError,
  unreadable,
  type AttemptContext,
  type AttemptResult,
  type ClaimedRow,
  type Database,
  type StoredContent,
  type WorkSource,
} from 'glue-core';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import { loadDeliveries, type StoredDelivery } from '../store/load-deliveries.js';
import { DELIVERY_WORK } from '../store/tables.js';
import type { OutboundItem, UnreadableItem } from './delivery-item.js';
import { attemptDeadlineMs } from './attempt-deadline.js';
import { dispatchDelivery, type DispatchTools } from './dispatch-delivery.js';

/** What outbound gives the work queue: its tables, and how one delivery is tried. */
export class DeliverySource implements WorkSource<OutboundItem | UnreadableItem> {
  readonly name = 'outbound';
  readonly table = DELIVERY_WORK;

  constructor(
    private readonly database: Database,
    private readonly directory: Pick<EndpointDirectory, 'get'>,
    private readonly tools: DispatchTools,
  ) {}

  laneLimit(lane: number, running: number): number {
    const { targets, health } = this.tools;
    const target = targets.find(lane);
    return target.state === 'ready' ? health.limit(target.endpoint, running) : 0;
  }

  async load(
    rows: readonly ClaimedRow[],
  ): Promise<ReadonlyMap<string, OutboundItem | UnreadableItem | 'held'>> {
    const deliveries = await loadDeliveries(
      this.database,
      rows.map(({ id }) => id),
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

  /** An endpoint that was made, or broke, since this host last read them is not known here: its deliveries wait. */
  #item(
    { id, endpointId, failures }: ClaimedRow,
    stored: StoredContent<StoredDelivery>,
  ): OutboundItem | UnreadableItem | 'held' {
    const endpoint = this.directory.get(endpointId);
    if (!endpoint) return 'held';
    const { retryPolicy, blockOnDeadLetter: blocksKey } = endpoint.config;
    const work = { id, retryPolicy, blocksKey, deadlineMs: attemptDeadlineMs(endpoint.config) };
    return stored instanceof GlueError ? { ...work, unreadable: stored } : { ...stored, ...work, failures };
  }
}
