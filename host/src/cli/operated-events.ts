import type { WorkState } from 'glue-core';
import type { EventFilter } from 'glue-inbound';
import { inboundOf } from './inbound-of.js';
import type { OperatedCommands } from './operated-work.js';
import { addWorkFilter, workFilterOf, type WorkFilterOptions } from './work-filter-options.js';

const STATES = [
  'received',
  'processing',
  'retrying',
  'done',
  'dead_letter',
  'canceled',
] satisfies WorkState[];

export interface EventFilterOptions extends WorkFilterOptions {
  readonly type?: string;
}

/** Events, as commands list and move them. */
export const operatedEvents: OperatedCommands<EventFilter, EventFilterOptions> = {
  noun: 'event',
  nouns: 'events',
  moves: {
    retry: 'try an event at once that waits for a retry or is a dead letter; its retry policy begins anew',
    'dead-letter': 'give an event up that waits; it can be retried or replayed later',
    cancel: 'give an event up that waits and is not wanted any more',
    replay: 'do a finished event again, as a new event that is linked to it',
  },
  sideOf: inboundOf,
  addFilter: (command) =>
    addWorkFilter(command, STATES, 'received').option('--type <type>', 'only those of this event type'),
  filterOf: async ({ type, ...options }, installation) => ({
    ...(await workFilterOf(options, inboundOf(installation).endpoints)),
    ...(type !== undefined && { type }),
  }),
};
