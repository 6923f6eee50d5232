import type { Database, Transaction } from '../database/database.js';
import { insertRows } from '../database/insert-rows.js';
import { inTransaction, runAgain, type RunOptions } from '../database/in-transaction.js';
import type { NextStep } from '../retry/retry-policy.js';
import type { ClaimedRow } from './claim-work.js';
import { Effects } from './effects.js';
import { freeFronts, type LaneKey } from './free-fronts.js';
import { finishedValues } from './item-values.js';
import { PHASE, type WorkTable } from './work-table.js';

/** What one attempt left behind, ready to be written. */
export interface Settlement {
  readonly row: ClaimedRow;
  readonly step: NextStep;
  /** Failures that used up a retry, this attempt included. */
  readonly failures: number;
  readonly attempt: AttemptRecord;
  readonly effects: Effects;
  /** Time of the settlement, Unix milliseconds on the shared clock. */
  readonly nowMs: number;
  /** Keeps a dead letter in front of its ordering key. */
  readonly blocksKey: boolean;
}

/** The columns of one row in the attempt log, without those that the claim gives. */
export interface AttemptRecord {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: string;
  readonly cause?: string;
  readonly note?: string;
  readonly error?: string;
  /** Columns of the side. */
  readonly side?: Readonly<Record<string, string | number | null>>;
}

/** Whether the result was written, or came too late: another host, or a later claim, holds the item. */
export type SettleResult = 'written' | 'late';

const attemptColumns = [
  'item_id',
  'number',
  'started_at',
  'ended_at',
  'outcome',
  'cause',
  'note',
  'error',
  'owner',
] as const;

class LateInGroup extends Error {}

/**
 * Writes results, effects and attempts of a group in one transaction. Every update checks owner and token, so a
 * late result changes nothing.
 * @throws what the database refuses; with a late item in a larger group, so that the caller tries one by one
 */
export async function settleWork(
  database: Database,
  table: WorkTable,
  group: readonly Settlement[],
  options?: RunOptions,
): Promise<SettleResult[]> {
  try {
    await inTransaction(database, (trx) => writeGroup(trx, table, group), options);
  } catch (error) {
    const [only] = group;
    if (!(error instanceof LateInGroup) || !only || group.length > 1) throw error;
    // Where the answer to the commit was lost, it is found by its own attempt.
    if (!(await isWritten(database, table, only))) return ['late'];
  }
  Effects.committed(group.map(({ effects }) => effects));
  return group.map(() => 'written');
}

async function isWritten(database: Database, { attempts }: WorkTable, { row }: Settlement): Promise<boolean> {
  const { id, attempts: number, owner } = row;
  const [attempt] = await runAgain(() =>
    database<{ item_id: string; number: number; owner: number }>(attempts)
      .where({ item_id: id, number, owner })
      .select('number'),
  );
  return attempt !== undefined;
}

async function writeGroup(trx: Transaction, table: WorkTable, group: readonly Settlement[]): Promise<void> {
  // One time for the group, the latest: so what ended alike shares a statement, and nothing is tried again too early.
  const nowMs = Math.max(...group.map((settlement) => settlement.nowMs));
  for (const alike of bySameUpdate(group, nowMs)) await updateItems(trx, table, alike, nowMs);
  await freeFronts(trx, table, group.flatMap(keyOf));
  await Effects.write(
    trx,
    group.map(({ effects }) => effects).filter((effects) => !effects.isEmpty),
  );
  await insertAttempts(trx, table, group);
}

/** The ordering key whose next item may go on now: where this one ended, or an earlier one was tried again meanwhile. */
function keyOf({ row }: Settlement): LaneKey[] {
  return row.openKey === undefined ? [] : [{ lane: row.endpointId, key: row.openKey }];
}

/** Items that get the same values, but for when they are due, share one statement. */
function bySameUpdate(group: readonly Settlement[], nowMs: number): Settlement[][] {
  const groups = new Map<string, Settlement[]>();
  for (const settlement of group) {
    const { row } = settlement;
    const key = JSON.stringify([row.owner, itemValues(settlement, nowMs)]);
    const same = groups.get(key);
    if (same) same.push(settlement);
    else groups.set(key, [settlement]);
  }
  return [...groups.values()];
}

async function updateItems(
  trx: Transaction,
  { items }: WorkTable,
  alike: readonly Settlement[],
  nowMs: number,
): Promise<void> {
  const [first] = alike;
  if (!first) return;
  const { row, step } = first;
  const changed = await trx(items)
    .whereIn(
      'id',
      alike.map((settlement) => settlement.row.id),
    )
    .where({ owner: row.owner, token: tokenOf(trx, alike) })
    .update({
      ...itemValues(first, nowMs),
      ...(step.state === 'retrying' && { due_at: dueAt(trx, alike, nowMs) }),
    });
  if (changed !== alike.length) throw new LateInGroup();
}

function itemValues(
  { step, failures, blocksKey }: Settlement,
  nowMs: number,
): Record<string, string | number | null> {
  const common = { owner: null, token: null, failures, takeovers: 0, note: step.note ?? null };
  if (step.state === 'retrying') return { ...common, state: 'retrying', phase: PHASE.retry, dated_at: nowMs };
  return { ...common, ...finishedValues(step.state, nowMs, step.state === 'dead_letter' && blocksKey) };
}

/** The fencing token of each: items of several claims share the statement. */
function tokenOf(trx: Transaction, alike: readonly Settlement[]) {
  const cases = alike.flatMap(({ row }) => [row.id, row.token]);
  const isOne = new Set(alike.map(({ row }) => row.token)).size === 1;
  return isOne ? alike[0]?.row.token : trx.raw(`CASE id ${'WHEN ? THEN ? '.repeat(alike.length)}END`, cases);
}

/** When each of them is tried again: jitter sets them apart. */
function dueAt(trx: Transaction, retrying: readonly Settlement[], nowMs: number) {
  const cases = retrying.flatMap(({ row, step }) =>
    step.state === 'retrying' ? [row.id, nowMs + step.delayMs] : [],
  );
  return trx.raw(`CASE id ${'WHEN ? THEN ? '.repeat(cases.length / 2)}END`, cases);
}

/** Every attempt with the same columns: those that all have, then the side's, which an attempt may lack. */
async function insertAttempts(
  trx: Transaction,
  { attempts }: WorkTable,
  group: readonly Settlement[],
): Promise<void> {
  const sideColumns = [...new Set(group.flatMap(({ attempt }) => Object.keys(attempt.side ?? {})))];
  const rows = group.map(({ row, attempt }) => [
    row.id,
    row.attempts,
    attempt.startedAt,
    attempt.endedAt,
    attempt.outcome,
    attempt.cause ?? null,
    attempt.note ?? null,
    attempt.error ?? null,
    row.owner,
    ...sideColumns.map((column) => attempt.side?.[column] ?? null),
  ]);
  await insertRows(trx, { table: attempts, columns: [...attemptColumns, ...sideColumns] }, rows);
}
