import { narrowWork, workFilterSchema, type WorkQuery } from 'glue-core';
import { z } from 'zod';
import { keyedDeliveryId } from './content-hash.js';

/** Which deliveries are meant: those that fit every condition; without one, all. */
export const deliveryFilterSchema = workFilterSchema.extend({
  idempotencyKey: z.string().optional(),
});
export type DeliveryFilter = z.infer<typeof deliveryFilterSchema>;

/** What a filter needs to know of the endpoints as they are now. */
export interface FilteredEndpoints {
  /** Of all that are known. */
  ids(): readonly number[];
  /** Why deliveries of an endpoint wait until somebody makes it, or its backend, work; undefined when they do not. */
  heldReason(endpointId: number): string | undefined;
}

/** States of deliveries that are held while their endpoint does not work. */
export const HELD_STATES: readonly string[] = ['queued', 'retrying'];

/**
 * Adds the conditions of a filter to a query over deliveries. `held` is no state of the rows: pausing an endpoint with
 * a million deliveries changes none of them. So whoever is held is neither `queued` nor `retrying` here.
 */
export function narrowDeliveries(
  query: WorkQuery,
  { state, idempotencyKey, ...filter }: DeliveryFilter,
  endpoints: FilteredEndpoints,
): void {
  narrowWork(query, filter, 'created_at');
  if (state === 'held') {
    void query.whereIn('state', HELD_STATES).whereNotIn('endpoint_id', working(endpoints));
  } else if (state !== undefined) {
    void query.where({ state });
    if (HELD_STATES.includes(state)) void query.whereIn('endpoint_id', working(endpoints));
  }
  // A key makes the id, so it needs no index of its own.
  if (idempotencyKey !== undefined) {
    const among = filter.endpointId === undefined ? endpoints.ids() : [filter.endpointId];
    void query.whereIn(
      'id',
      among.map((endpointId) => keyedDeliveryId(endpointId, idempotencyKey)),
    );
  }
}

function working(endpoints: FilteredEndpoints): number[] {
  return endpoints.ids().filter((id) => endpoints.heldReason(id) === undefined);
}
