import { inTransaction, newId, type Database, type Transaction } from 'glue-core';
import { signedEvent } from './signed-events.ts';

/** Stores deliveries of about 1 KB as the outbound side does, due now. */
export async function storeDeliveries(database: Database, endpointId: number, amount: number): Promise<void> {
  for (let left = amount; left > 0; left -= 500)
    await inTransaction(database, (trx) => insert(trx, endpointId, Math.min(left, 500)));
}

async function insert(trx: Transaction, endpointId: number, amount: number): Promise<void> {
  const ids = Array.from({ length: amount }, newId);
  const now = Date.now();
  await trx('glue_deliveries').insert(
    ids.map((id) => ({
      ...{
        id,
        endpoint_id: endpointId,
        state: 'queued',
        phase: 0,
        due_at: now,
        arrival: id,
        created_at: now,
      },
      content_hash: id.replaceAll('-', '').padEnd(64, '0'),
    })),
  );
  await trx('glue_delivery_payloads').insert(
    ids.map((id) => ({ delivery_id: id, payload: payloadOf(id), context: '{}', headers: '{}' })),
  );
}

/** JSON of about 1 KB, with an id that no other has. */
export function payloadOf(id: string): string {
  return signedEvent(id, 1_024).body.toString();
}
