import {
  GlueError,
  type AttemptContext,
  type AttemptResult,
  type ClaimedRow,
  type Database,
  type WorkSource,
} from 'glue-core';
import type { EndpointDirectory } from '../endpoint/endpoint-directory.js';
import { readDeliveries, type StoredDelivery } from '../store/delivery-rows.js';
import { DELIVERY_WORK } from '../store/tables.js';
import type { OutboundItem } from './delivery-item.js';
import { attemptDeadlineMs } from './attempt-deadline.js';
import { dispatchDelivery, type DispatchTools } from './dispatch-delivery.js';

/** What outbound gives the work queue: its tables, and how one delivery is tried. */
export class DeliverySource implements WorkSource<OutboundItem> {
  readonly name = 'outbound';
  readonly table = DELIVERY_WORK;

  constructor(
    private readonly database: Database,
    private readonly directory: EndpointDirectory,
    private readonly tools: DispatchTools,
  ) {}

  laneLimit(lane: number, running: number): number {
    const { targets, health } = this.tools;
    const target = targets.find(lane);
    return target.state === 'ready' ? health.limit(target.endpoint, running) : 0;
  }

  async load(rows: readonly ClaimedRow[]): Promise<ReadonlyMap<string, OutboundItem>> {
    const stored = await readDeliveries(
      this.database,
      rows.map(({ id }) => id),
    );
    const failures = new Map(rows.map((row) => [row.id, row.failures]));
    return new Map(
      stored.map((delivery) => [delivery.id, this.#item(delivery, failures.get(delivery.id) ?? 0)]),
    );
  }

  attempt(item: OutboundItem, context: AttemptContext): Promise<AttemptResult> {
    return dispatchDelivery(item, context, this.tools);
  }

  #item(stored: StoredDelivery, failures: number): OutboundItem {
    const endpoint = this.directory.get(stored.endpointId);
    if (!endpoint)
      throw new GlueError('GLUE_ENDPOINT_NOT_FOUND', `there is no outbound endpoint ${stored.endpointId}`);
    const { retryPolicy, blockOnDeadLetter } = endpoint.config;
    return {
      ...stored,
      failures,
      retryPolicy,
      blocksKey: blockOnDeadLetter,
      deadlineMs: attemptDeadlineMs(endpoint.config),
    };
  }
}
