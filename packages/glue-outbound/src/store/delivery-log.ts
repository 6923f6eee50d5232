import { dialectOf, GlueError, inOrderOfArrival, rowsOf, type Transaction } from 'glue-core';
import { DELIVERIES, DELIVERY_PAYLOADS, DELIVERY_WORK, type DeliveryRow, type PayloadRow } from './tables.js';

/** A delivery to be stored. */
export interface NewDeliveryRow {
  readonly delivery: DeliveryRow;
  readonly content: PayloadRow;
}

/** Rows per statement: enough to share its cost, few enough to stay far below every limit of parameters. */
const ROWS_PER_STATEMENT = 50;
/** Characters of content per statement, below MySQL's default `max_allowed_packet`. */
const CONTENT_PER_STATEMENT = 2_000_000;

const DELIVERY_COLUMNS = [
  'id',
  'endpoint_id',
  'state',
  'phase',
  'due_at',
  'dated_at',
  'ordering_key',
  'open_key',
  'arrival',
  'idempotency_key',
  'content_hash',
  'backend_type',
  'backend_id',
  'original_id',
  'created_at',
] as const satisfies readonly (keyof DeliveryRow)[];
const PAYLOAD_COLUMNS = [
  'delivery_id',
  'payload',
  'context',
  'headers',
] as const satisfies readonly (keyof PayloadRow)[];

/**
 * Stores deliveries. Insert first: a key that was used already is told by the database, so nobody can come between.
 * The same key with the same content stores nothing.
 * @throws GLUE_DELIVERY_CONFLICT when a key was used for other content
 */
export async function insertDeliveries(trx: Transaction, rows: readonly NewDeliveryRow[]): Promise<void> {
  for (const group of statementGroups(await inOrder(trx, rows))) {
    await insertNew(
      trx,
      DELIVERIES,
      DELIVERY_COLUMNS,
      group.map(({ delivery }) => delivery),
    );
    await refuseOtherContent(trx, group);
    await insertNew(
      trx,
      DELIVERY_PAYLOADS,
      PAYLOAD_COLUMNS,
      group.map(({ content }) => content),
    );
  }
}

/** Each behind what of its ordering key is stored already. */
async function inOrder(
  trx: Transaction,
  rows: readonly NewDeliveryRow[],
): Promise<readonly NewDeliveryRow[]> {
  const arriving = rows.map((row) => {
    const { arrival: id, endpoint_id: lane, open_key } = row.delivery;
    return { row, id, lane, key: open_key ?? undefined };
  });
  const ordered = await inOrderOfArrival(trx, DELIVERY_WORK, arriving);
  return ordered.map(({ row, id }) => ({ ...row, delivery: { ...row.delivery, arrival: id } }));
}

/** Inserts the rows that are new, by their unique keys. */
async function insertNew<Column extends string>(
  trx: Transaction,
  table: string,
  columns: readonly Column[],
  rows: readonly Readonly<Record<Column, string | number | null>>[],
): Promise<void> {
  const [key = ''] = columns;
  const skip =
    dialectOf(trx) === 'sqlite' ? 'ON CONFLICT DO NOTHING' : `ON DUPLICATE KEY UPDATE ${key} = ${key}`;
  const holes = `(${columns.map(() => '?').join(',')})`;
  await trx.raw(
    `INSERT INTO ${table} (${columns.join(',')}) VALUES ${rows.map(() => holes).join(',')} ${skip}`,
    rows.flatMap((row) => columns.map((column) => row[column])),
  );
}

/**
 * MySQL does not tell apart the rows that it inserted and those that it left alone, so keys are looked at. Under a lock,
 * which the insert has taken already: a caller's transaction may read as of a time before the key was used.
 */
async function refuseOtherContent(trx: Transaction, group: readonly NewDeliveryRow[]): Promise<void> {
  const keyed = group.filter(({ delivery }) => delivery.idempotency_key !== null);
  if (keyed.length === 0) return;
  const ids = keyed.map(({ delivery }) => delivery.id);
  const lock = dialectOf(trx) === 'sqlite' ? '' : ' FOR UPDATE';
  const answer: unknown = await trx.raw(
    `SELECT id, content_hash FROM ${DELIVERIES} WHERE id IN (${ids.map(() => '?').join(',')})${lock}`,
    ids,
  );
  const stored = new Map(
    rowsOf<{ id: string; content_hash: string }>(answer).map(({ id, content_hash }) => [id, content_hash]),
  );
  const other = keyed.find(({ delivery }) => stored.get(delivery.id) !== delivery.content_hash);
  if (!other) return;
  const { id, idempotency_key } = other.delivery;
  throw new GlueError(
    'GLUE_DELIVERY_CONFLICT',
    `the idempotency key "${idempotency_key}" belongs to delivery ${id}, which has other content`,
  );
}

function statementGroups(rows: readonly NewDeliveryRow[]): NewDeliveryRow[][] {
  const groups: NewDeliveryRow[][] = [];
  let size = 0;
  for (const row of rows) {
    const { payload, context, headers } = row.content;
    const length = (payload?.length ?? 0) + context.length + headers.length;
    const group = groups.at(-1);
    size += length;
    if (group && group.length < ROWS_PER_STATEMENT && size <= CONTENT_PER_STATEMENT) {
      group.push(row);
    } else {
      groups.push([row]);
      size = length;
    }
  }
  return groups;
}
