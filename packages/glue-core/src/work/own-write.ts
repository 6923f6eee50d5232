import type { Transaction } from '../database/database.js';
import { endsTransaction } from '../database/database-errors.js';

/** A write of a handler's own failed; the cause is what it threw. */
export class OwnWriteFailed extends Error {
  constructor(cause: unknown) {
    super('a write of a handler failed', { cause });
  }
}

/**
 * Runs a write of a handler's own within a transaction that others share. What it throws is its own fault, however the
 * error looks: its own network can be down, or its own file locked. What our database told of counts, also where the
 * write took no notice: after it the transaction is gone, and what follows would be committed by itself.
 * @throws OwnWriteFailed, or what ended the transaction
 */
export async function runOwnWrite(trx: Transaction, write: () => Promise<void>): Promise<void> {
  const ends: unknown[] = [];
  const notice = (error: unknown): void => {
    if (endsTransaction(error)) ends.push(error);
  };
  trx.on('query-error', notice);
  try {
    await write();
  } catch (thrown) {
    if (ends.length === 0) throw new OwnWriteFailed(thrown);
  } finally {
    trx.removeListener('query-error', notice);
  }
  if (ends.length > 0) throw ends[0];
}
