import { narrowWork, workFilterSchema } from 'glue-core';
import type { Knex } from 'knex';
import { z } from 'zod';
import { TYPE_LENGTH } from './tables.js';

/** Which events are meant: those that fit every condition; without one, all. */
export const eventFilterSchema = workFilterSchema.extend({
  /** The semantic `event_type`. */
  type: z.string().optional(),
});
export type EventFilter = z.infer<typeof eventFilterSchema>;

/** Adds the conditions of a filter to a query over events. */
export function narrowEvents(query: Knex.QueryBuilder, { type, ...filter }: EventFilter): void {
  narrowWork(query, filter, 'received_at');
  if (type !== undefined) void query.where({ type: type.slice(0, TYPE_LENGTH) });
}
