import type { Knex } from 'knex';
import { PHASE, type Phase } from './work-table.js';

type Values = Readonly<Record<string, string | number | null>>;

/** The columns of an item that is tried no more. @param keepsKey - later items of its ordering key go on waiting for it */
export function finishedValues(
  state: 'done' | 'dead_letter' | 'canceled',
  nowMs: number,
  keepsKey: boolean,
): Values {
  return { state, phase: null, finished_at: nowMs, ...(!keepsKey && { open_key: null }) };
}

/**
 * The columns of an item that is due at once, again or before its time. Later items of its ordering key wait for it;
 * itself it is blocked until `freeFronts`, in the same transaction, finds that none of them is under way.
 */
export function rearmedValues(
  database: Knex,
  nowMs: number,
  phase: Phase,
): Readonly<Record<string, unknown>> {
  return {
    state: 'retrying',
    phase: database.raw(`CASE WHEN ordering_key IS NULL THEN ${phase} ELSE ${PHASE.blocked} END`),
    due_at: nowMs,
    dated_at: nowMs,
    finished_at: null,
    open_key: database.ref('ordering_key'),
  };
}
