import type { Database, Transaction } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import type { NextStep } from '../retry/retry-policy.js';
import type { ClaimedRow } from './claim-work.js';
import { Effects } from './effects.js';
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
): Promise<SettleResult[]> {
  try {
    await inTransaction(database, (trx) => writeGroup(trx, table, group));
  } catch (error) {
    if (error instanceof LateInGroup && group.length === 1) return ['late'];
    throw error;
  }
  Effects.committed(group.map(({ effects }) => effects));
  return group.map(() => 'written');
}

async function writeGroup(trx: Transaction, table: WorkTable, group: readonly Settlement[]): Promise<void> {
  for (const alike of bySameUpdate(group)) await updateItems(trx, table, alike);
  await Effects.write(
    trx,
    group.map(({ effects }) => effects).filter((effects) => !effects.isEmpty),
  );
  await trx(table.attempts).insert(group.map(attemptRow));
}

/** Items that get the very same values share one statement. */
function bySameUpdate(group: readonly Settlement[]): Settlement[][] {
  const groups = new Map<string, Settlement[]>();
  for (const settlement of group) {
    const { row, failures, blocksKey } = settlement;
    const key = JSON.stringify([row.owner, row.token, failures, blocksKey, itemValues(settlement)]);
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
): Promise<void> {
  const [first] = alike;
  if (!first) return;
  const { row } = first;
  const changed = await trx(items)
    .whereIn(
      'id',
      alike.map((settlement) => settlement.row.id),
    )
    .where({ owner: row.owner, token: row.token })
    .update(itemValues(first));
  if (changed !== alike.length) throw new LateInGroup();
}

function itemValues({
  step,
  failures,
  nowMs,
  blocksKey,
}: Settlement): Record<string, string | number | null> {
  const common = { owner: null, token: null, failures, takeovers: 0, note: step.note ?? null };
  if (step.state === 'retrying') {
    return { ...common, state: 'retrying', phase: PHASE.retry, due_at: nowMs + step.delayMs };
  }
  const keepsKey = step.state === 'dead_letter' && blocksKey;
  return {
    ...common,
    state: step.state,
    phase: null,
    finished_at: nowMs,
    ...(!keepsKey && { open_key: null }),
  };
}

function attemptRow({ row, attempt }: Settlement): Record<string, string | number | null> {
  return {
    item_id: row.id,
    number: row.attempts,
    started_at: attempt.startedAt,
    ended_at: attempt.endedAt,
    outcome: attempt.outcome,
    cause: attempt.cause ?? null,
    note: attempt.note ?? null,
    error: attempt.error ?? null,
    owner: row.owner,
    ...attempt.side,
  };
}
