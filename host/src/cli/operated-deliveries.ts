import type { WorkState } from 'glue-core';
import type { DeliveryFilter } from 'glue-outbound';
import type { OperatedCommands } from './operated-work.js';
import { outboundOf } from './outbound-of.js';
import { addWorkFilter, workFilterOf, type WorkFilterOptions } from './work-filter-options.js';

const STATES = [
  'draft',
  'queued',
  'held',
  'processing',
  'retrying',
  'done',
  'dead_letter',
  'canceled',
] satisfies WorkState[];

export interface DeliveryFilterOptions extends WorkFilterOptions {
  readonly key?: string;
}

/** Deliveries, as commands list and move them. */
export const operatedDeliveries: OperatedCommands<DeliveryFilter, DeliveryFilterOptions> = {
  noun: 'delivery',
  nouns: 'deliveries',
  moves: {
    retry: 'try a delivery at once that waits for a retry or is a dead letter; its retry policy begins anew',
    'dead-letter': 'give a delivery up that waits; it can be retried or replayed later',
    cancel: 'give a delivery up that is a draft or waits, and is not wanted any more',
    queue: 'release a draft: it is sent as soon as it may be',
    replay: 'do a finished delivery again, as a new delivery that is linked to it',
  },
  sideOf: outboundOf,
  addFilter: (command) =>
    addWorkFilter(command, STATES, 'queued').option('--key <key>', 'only those with this idempotency key'),
  filterOf: async ({ key, ...options }, installation) => ({
    ...(await workFilterOf(options, outboundOf(installation).endpoints)),
    ...(key !== undefined && { idempotencyKey: key }),
  }),
};
