import {
  addSecretUse,
  addDates,
  addTurns,
  addWorkColumns,
  bytesColumn,
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
import type { Knex } from 'knex';

export const EVENTS = 'glue_events';
export const PAYLOADS = 'glue_event_payloads';
export const REJECTIONS = 'glue_rejections';
export const COUNTS = 'glue_inbound_counts';

export const eventTable: WorkTable = {
  items: EVENTS,
  attempts: 'glue_event_attempts',
  freshState: 'received',
};

/** Longest event type and rejected path that are kept for filters; the semantics keep the whole type. */
export const TYPE_LENGTH = 190;
export const PATH_LENGTH = 190;
export const DETAIL_LENGTH = 255;

const createEndpoints: Migration = {
  name: 'inbound-001-endpoints',
  up: (trx) => createEndpointTable(trx, 'inbound'),
};

/** Kept narrow: what is claimed, filtered and counted. Headers and bodies lie beside it. */
const createEvents: Migration = {
  name: 'inbound-002-events',
  up: async (trx) => {
    await createTable(trx, EVENTS, (table) => {
      addWorkColumns(table);
      table.string('kind', 8).notNullable();
      keyColumn(table, 'type', TYPE_LENGTH).notNullable();
      keyColumn(table, 'delivery_key', 150).notNullable();
      table.string('delivery_key_source', 16).notNullable();
      // Held by the first event of a replay identity only; the others point to it. So the database itself
      // decides which one is the first.
      keyColumn(table, 'replay_key', 150);
      idColumn(table, 'primary_id');
      keyColumn(table, 'handler');
      keyColumn(table, 'backend_type', 64);
      table.integer('backend_id').unsigned();
      timeColumn(table, 'received_at').notNullable();
      table.integer('duplicates').unsigned().notNullable().defaultTo(0);
      timeColumn(table, 'last_duplicate_at');
      table.unique(['endpoint_id', 'delivery_key'], { indexName: `${EVENTS}_delivery` });
      table.unique(['endpoint_id', 'replay_key'], { indexName: `${EVENTS}_replay` });
    });
    await createWorkIndexes(trx, eventTable);
  },
};

const createPayloads: Migration = {
  name: 'inbound-003-event-payloads',
  up: (trx) =>
    createTable(trx, PAYLOADS, (table) => {
      idColumn(table, 'event_id').primary();
      longTextColumn(table, 'headers').notNullable();
      bytesColumn(table, 'body').notNullable();
      longTextColumn(table, 'semantics').notNullable();
    }),
};

const createAttempts: Migration = {
  name: 'inbound-004-event-attempts',
  up: (trx) => createAttemptTable(trx, eventTable),
};

const createRejections: Migration = {
  name: 'inbound-005-rejections',
  up: (trx) =>
    createTable(trx, REJECTIONS, (table: Knex.CreateTableBuilder) => {
      idColumn(table, 'id').primary();
      table.integer('endpoint_id').unsigned();
      keyColumn(table, 'path', PATH_LENGTH).notNullable();
      table.string('cause', 32).notNullable();
      table.string('detail', DETAIL_LENGTH).notNullable();
      timeColumn(table, 'at').notNullable();
      longTextColumn(table, 'headers').notNullable();
      bytesColumn(table, 'body');
      table.string('remote_address', 64);
      table.index(['at'], `${REJECTIONS}_at`);
      table.index(['endpoint_id', 'at'], `${REJECTIONS}_endpoint`);
    }),
};

const createEndpointSecrets: Migration = {
  name: 'inbound-006-endpoint-secrets',
  up: (trx) => createEndpointSecretTable(trx, 'inbound'),
};

const createCounts: Migration = {
  name: 'inbound-007-counts',
  up: (trx) =>
    createTable(trx, COUNTS, (table) => {
      table.integer('endpoint_id').unsigned().primary();
      table.bigInteger('accepted').notNullable();
      table.bigInteger('rejected').notNullable();
    }),
};

const countDroppedRejections: Migration = {
  name: 'inbound-008-dropped-rejections',
  up: (trx) =>
    runSchemaStatement(trx, `ALTER TABLE ${REJECTIONS} ADD COLUMN dropped_before INTEGER NOT NULL DEFAULT 0`),
};

const giveTurns: Migration = {
  name: 'inbound-009-turns',
  up: (trx) => addTurns(trx, eventTable),
};

const addUse: Migration = {
  name: 'inbound-010-secret-use',
  up: (trx) => addSecretUse(trx, 'inbound'),
};

const giveDates: Migration = {
  name: 'inbound-011-dates',
  up: (trx) => addDates(trx, eventTable),
};

/** The tables of the inbound side. Append only. */
export const inboundSchema: SideSchema = {
  name: 'inbound',
  migrations: [
    createEndpoints,
    createEvents,
    createPayloads,
    createAttempts,
    createRejections,
    createEndpointSecrets,
    createCounts,
    countDroppedRejections,
    giveTurns,
    addUse,
    giveDates,
  ],
};
