import { GlueError, inOrderOfArrival, newId, PHASE, type Place, type Transaction } from 'glue-core';
import { DELIVERIES, DELIVERY_WORK, type DeliveryRow } from './tables.js';

/** A draft that a backend queues. */
export interface DraftToQueue {
  readonly id: string;
  readonly endpointId: number;
}

/**
 * Makes drafts, which the caller has locked, wait for their turn: not before the time they were to be sent at, and
 * behind everything of their ordering key that is queued already. Among themselves they keep their order.
 */
export async function queueDrafts(
  trx: Transaction,
  ids: readonly string[],
  { nowMs, phase }: Place,
): Promise<void> {
  const drafts = await trx<DeliveryRow>(DELIVERIES)
    .whereIn('id', ids)
    .orderBy('arrival')
    .select('id', 'endpoint_id', 'ordering_key');
  if (drafts.length === 0) return;
  const arriving = drafts.map(({ id: draft, endpoint_id: lane, ordering_key }) => {
    return { draft, id: newId(nowMs), lane, key: ordering_key ?? undefined };
  });
  const ordered = await inOrderOfArrival(trx, DELIVERY_WORK, arriving);
  const arrivals = ordered.flatMap(({ draft, id }) => [draft, id]);
  await trx(DELIVERIES)
    .whereIn(
      'id',
      drafts.map(({ id }) => id),
    )
    .update({
      state: 'queued',
      phase,
      // Only the time that somebody named, which bears no date, may be one to come.
      due_at: trx.raw('CASE WHEN dated_at IS NULL AND due_at > ? THEN due_at ELSE ? END', [nowMs, nowMs]),
      dated_at: trx.raw('CASE WHEN dated_at IS NULL AND due_at > ? THEN NULL ELSE ? END', [nowMs, nowMs]),
      open_key: trx.ref('ordering_key'),
      arrival: trx.raw(`CASE id ${'WHEN ? THEN ? '.repeat(drafts.length)}END`, arrivals),
    });
}

/** The same for drafts that code names. @throws GLUE_DELIVERY_NOT_FOUND, GLUE_WORK_STATE when one is a draft no more */
export async function queueNamedDrafts(
  trx: Transaction,
  wanted: readonly DraftToQueue[],
  nowMs: number,
): Promise<void> {
  for (const { id, endpointId } of wanted) {
    const row = await trx<DeliveryRow>(DELIVERIES)
      .where({ id, endpoint_id: endpointId })
      .forUpdate()
      .first('state');
    if (!row) throw new GlueError('GLUE_DELIVERY_NOT_FOUND', `the endpoint has no delivery ${id}`);
    if (row.state !== 'draft')
      throw new GlueError('GLUE_WORK_STATE', `delivery ${id} is ${row.state}; only a draft can be queued`);
    await queueDrafts(trx, [id], { nowMs, phase: PHASE.first });
  }
}
