import {
  addSecretUse,
  addDates,
  addTurns,
  addWorkColumns,
  createAttemptTable,
  createEndpointSecretTable,
  createEndpointTable,
  createTable,
  createWorkIndexes,
  idColumn,
  keyColumn,
  longTextColumn,
  runSchemaStatement,
  timeColumn,
  type Migration,
  type SideSchema,
  type WorkTable,
} from 'glue-core';

export const DELIVERIES = 'glue_deliveries';
export const DELIVERY_PAYLOADS = 'glue_delivery_payloads';
export const DELIVERY_ATTEMPTS = 'glue_delivery_attempts';
export const HOLDS = 'glue_outbound_holds';
export const HEALTH = 'glue_outbound_health';

/**
 * Deliveries follow each other by `arrival`, not by id: the id of a delivery with an idempotency key comes from the
 * key and says nothing about time.
 */
export const DELIVERY_WORK = {
  items: DELIVERIES,
  attempts: DELIVERY_ATTEMPTS,
  freshState: 'queued',
  order: 'arrival',
} as const satisfies WorkTable;

/** What lies beside a delivery and was queued with it; every delivery is in the first. A replay copies it. */
export const DELIVERY_CONTENT = [
  { table: DELIVERY_PAYLOADS, key: 'delivery_id', columns: ['payload', 'context', 'headers'] },
] as const;

/** A row of the queue: narrow, so that claims stay quick; what is sent lies beside it. */
export interface DeliveryRow {
  id: string;
  endpoint_id: number;
  state: string;
  phase: number | null;
  due_at: number;
  dated_at: number | null;
  ordering_key: string | null;
  open_key: string | null;
  arrival: string;
  idempotency_key: string | null;
  content_hash: string;
  backend_type: string | null;
  backend_id: number | null;
  original_id: string | null;
  created_at: number;
}

/** What was queued, as JSON. Never changed. */
export interface PayloadRow {
  delivery_id: string;
  payload: string | null;
  context: string;
  headers: string;
}

/** An endpoint whose deliveries are held, or were and are being released. */
export interface HoldRow {
  endpoint_id: number;
  held_at: number;
  /** Begin of the present round of the release; null while they are held. */
  released_at: number | null;
  round: number;
  backlog: number;
}

/** What all hosts have heard of the receiver of an endpoint. */
export interface HealthRow {
  endpoint_id: number;
  succeeded_at: number | null;
  failed_at: number | null;
  failing_since: number | null;
  exhausted: number;
  warned: number;
}

const createEndpoints: Migration = {
  name: 'outbound-001-endpoints',
  up: (trx) => createEndpointTable(trx, 'outbound'),
};

const createDeliveries: Migration = {
  name: 'outbound-002-deliveries',
  up: async (trx) => {
    await createTable(trx, DELIVERIES, (table) => {
      addWorkColumns(table);
      idColumn(table, 'arrival').notNullable();
      keyColumn(table, 'idempotency_key');
      table.specificType('content_hash', 'char(64)').notNullable();
      keyColumn(table, 'backend_type', 64);
      table.integer('backend_id').unsigned();
      idColumn(table, 'original_id');
      timeColumn(table, 'created_at').notNullable();
      table.unique(['endpoint_id', 'idempotency_key'], { indexName: `${DELIVERIES}_key` });
    });
    await createWorkIndexes(trx, DELIVERY_WORK);
  },
};

const createPayloads: Migration = {
  name: 'outbound-003-delivery-payloads',
  up: (trx) =>
    createTable(trx, DELIVERY_PAYLOADS, (table) => {
      idColumn(table, 'delivery_id').primary();
      longTextColumn(table, 'payload');
      longTextColumn(table, 'context').notNullable();
      longTextColumn(table, 'headers').notNullable();
    }),
};

const createAttempts: Migration = {
  name: 'outbound-004-delivery-attempts',
  up: (trx) =>
    createAttemptTable(trx, DELIVERY_WORK, (table) => {
      longTextColumn(table, 'request');
      longTextColumn(table, 'response');
      table.integer('status').unsigned();
    }),
};

const createEndpointSecrets: Migration = {
  name: 'outbound-005-endpoint-secrets',
  up: (trx) => createEndpointSecretTable(trx, 'outbound'),
};

/** Lists, bulk moves and retention go through deliveries in the order in which they came: all, or those of one endpoint. */
const addListIndexes: Migration = {
  name: 'outbound-006-list-indexes',
  up: async (trx) => {
    await runSchemaStatement(trx, `CREATE INDEX ${DELIVERIES}_arrival ON ${DELIVERIES} (arrival)`);
    await runSchemaStatement(
      trx,
      `CREATE INDEX ${DELIVERIES}_endpoint ON ${DELIVERIES} (endpoint_id, arrival)`,
    );
  },
};

const giveTurns: Migration = {
  name: 'outbound-007-turns',
  up: (trx) => addTurns(trx, DELIVERY_WORK),
};

const addUse: Migration = {
  name: 'outbound-008-secret-use',
  up: (trx) => addSecretUse(trx, 'outbound'),
};

const giveDates: Migration = {
  name: 'outbound-009-dates',
  up: (trx) => addDates(trx, DELIVERY_WORK),
};

const createHolds: Migration = {
  name: 'outbound-010-holds',
  up: (trx) =>
    createTable(trx, HOLDS, (table) => {
      table.integer('endpoint_id').unsigned().primary();
      timeColumn(table, 'held_at').notNullable();
      timeColumn(table, 'released_at');
      table.integer('round').unsigned().notNullable().defaultTo(0);
      table.integer('backlog').unsigned().notNullable().defaultTo(0);
    }),
};

const createHealth: Migration = {
  name: 'outbound-011-health',
  up: (trx) =>
    createTable(trx, HEALTH, (table) => {
      table.integer('endpoint_id').unsigned().primary();
      timeColumn(table, 'succeeded_at');
      timeColumn(table, 'failed_at');
      timeColumn(table, 'failing_since');
      table.integer('exhausted').unsigned().notNullable().defaultTo(0);
      table.integer('warned').unsigned().notNullable().defaultTo(0);
    }),
};

/** The tables of this side. Append only. */
export const outboundSchema: SideSchema = {
  name: 'outbound',
  migrations: [
    createEndpoints,
    createDeliveries,
    createPayloads,
    createAttempts,
    createEndpointSecrets,
    addListIndexes,
    giveTurns,
    addUse,
    giveDates,
    createHolds,
    createHealth,
  ],
};
