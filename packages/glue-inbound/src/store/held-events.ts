import { freeHeld, heldLanes, PHASE, type BackendReference, type Database } from 'glue-core';
import type { EventRow } from './event-row.js';
import { EVENTS, eventTable } from './tables.js';

/** Whom a stored event is for. */
export interface Addressee {
  readonly handler?: string;
  readonly backend?: BackendReference;
}

type Row = Pick<EventRow, 'endpoint_id' | 'handler' | 'backend_type' | 'backend_id'>;

/** Has events that were held for somebody who can take them now claimed again. Asked often: without any it costs little. */
export async function freeHeldEvents(
  database: Database,
  isThere: (addressee: Addressee) => boolean,
): Promise<void> {
  const lanes = await heldLanes(database, eventTable);
  if (lanes.length === 0) return;
  const waitedFor = await database<EventRow>(EVENTS)
    .whereIn('endpoint_id', lanes)
    .where('phase', PHASE.held)
    .distinct<Row[]>('endpoint_id', 'handler', 'backend_type', 'backend_id');
  for (const row of waitedFor)
    if (isThere(addresseeOf(row))) await freeHeld(database, eventTable, { ...row });
}

/** Whom the event of a row is for. */
export function addresseeOf({ handler, backend_type, backend_id }: Omit<Row, 'endpoint_id'>): Addressee {
  return {
    ...(handler !== null && { handler }),
    ...(backend_type !== null && backend_id !== null && { backend: { type: backend_type, id: backend_id } }),
  };
}
