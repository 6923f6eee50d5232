import { deleteFinishedWork, type Database, type DeleteOld } from 'glue-core';
import { DELIVERY_CONTENT, DELIVERY_WORK } from './tables.js';

const deliveries = {
  table: DELIVERY_WORK,
  arrivedAt: 'created_at',
  beside: Object.fromEntries(DELIVERY_CONTENT.map(({ table, key }) => [table, key])),
};

/** How old deliveries are deleted. The idempotency key of one goes with it. */
export function deleteOldFrom(database: Database): { readonly deliveries: DeleteOld } {
  return {
    deliveries: (beforeMs, deleting) => deleteFinishedWork(database, deliveries, beforeMs, deleting),
  };
}
