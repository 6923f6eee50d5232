import type { Settlement } from './settle-work.js';

/**
 * The same settlement with less in the log: without the side's columns, then without the stack too.
 * @returns undefined where it has neither
 */
export function withLessLog(settlement: Settlement): Settlement | undefined {
  const { side, error, ...attempt } = settlement.attempt;
  if (side !== undefined)
    return { ...settlement, attempt: { ...attempt, ...(error !== undefined && { error }) } };
  return error === undefined ? undefined : { ...settlement, attempt };
}
