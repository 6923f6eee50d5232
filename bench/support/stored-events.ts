import { coreMigrations, inTransaction, migrate, newId, type Database, type Transaction } from 'glue-core';
import { inboundSchema } from 'glue-inbound';
import { signedEvent } from './signed-events.ts';

export const HANDLER = 'bench:nothing';
export const ENDPOINT_ID = 1;

/** Makes the real tables, with one endpoint whose events go to {@link HANDLER}. A draft: it takes no requests. */
export async function makeTables(database: Database, endpointConcurrency: number): Promise<void> {
  await migrate(database, [...coreMigrations, ...inboundSchema.migrations]);
  const [now, name] = [Date.now(), 'bench'];
  await database('glue_inbound_endpoints').insert({
    ...{ id: ENDPOINT_ID, name, code: name, suffix: '', path: name, company: 'default', version: 1 },
    ...{ state: 'draft', handler: HANDLER, created_at: now, updated_at: now },
    config: JSON.stringify({ verification: { mode: 'none' }, concurrency: endpointConcurrency }),
  });
}

/** Stores events of 1 KB as the inbound side does; `waiting` says in which state. */
export async function storeEvents(
  database: Database,
  amount: number,
  waiting: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  for (let left = amount; left > 0; left -= 500)
    await inTransaction(database, (trx) => insert(trx, Math.min(left, 500), waiting));
}

async function insert(trx: Transaction, amount: number, waiting: object): Promise<void> {
  const ids = Array.from({ length: amount }, newId);
  const now = Date.now();
  await trx('glue_events').insert(
    ids.map((id) => ({
      ...{ id, endpoint_id: ENDPOINT_ID, state: 'received', phase: 0, due_at: now, received_at: now },
      ...{ kind: 'primary', type: 'order.paid', delivery_key: id, delivery_key_source: 'delivery_id' },
      ...{ handler: HANDLER, ...waiting },
    })),
  );
  await trx('glue_event_payloads').insert(
    ids.map((id) => {
      const { body, headers } = signedEvent(id, 1_024);
      const lists = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
      const semantics = JSON.stringify({ event_type: 'order.paid', delivery_id: id });
      return { event_id: id, headers: JSON.stringify(lists), body, semantics };
    }),
  );
}
