import type { Knex } from 'knex';
import { z } from 'zod';
import { WORK_STATES } from '../work/work-table.js';

/** Which items are meant: those that fit every condition; without one, all. Times are Unix milliseconds. */
export const workFilterSchema = z.strictObject({
  ids: z.array(z.string()).min(1).max(1_000).optional(),
  endpointId: z.number().int().optional(),
  state: z.enum(WORK_STATES).optional(),
  backend: z.strictObject({ type: z.string(), id: z.number().int() }).optional(),
  /** Arrived then or later. */
  since: z.number().optional(),
  /** Arrived before. */
  until: z.number().optional(),
});
export type WorkFilter = z.infer<typeof workFilterSchema>;

/** A query over the items of a side. */
export type WorkQuery = Knex.QueryBuilder;

/** Adds the conditions of a filter to a query. @param arrivedAt - the column with the time that an item arrived */
export function narrowWork(
  query: WorkQuery,
  { ids, endpointId, state, backend, since, until }: WorkFilter,
  arrivedAt: string,
): void {
  if (ids) void query.whereIn('id', ids);
  if (endpointId !== undefined) void query.where({ endpoint_id: endpointId });
  if (state !== undefined) void query.where({ state });
  if (backend) void query.where({ backend_type: backend.type, backend_id: backend.id });
  if (since !== undefined) void query.where(arrivedAt, '>=', since);
  if (until !== undefined) void query.where(arrivedAt, '<', until);
}
