import { GlueError } from '../errors/glue-error.js';
import type { AttemptResult } from './work-source.js';

/** Until what cannot be read is tried again, in seconds: it is not mended soon, and each try is logged. */
const RETRY_SECONDS = 300;

/** What is stored of an item, or why it cannot be read. */
export type StoredContent<Item> = Item | GlueError;

/**
 * Reads what is stored of one item, so that one which is broken harms none of those that are read with it.
 * @returns GLUE_CONTENT_UNREADABLE where `read` throws; what it threw may show what is stored, and is left out
 */
export function readStored<Item>(
  noun: 'event' | 'delivery',
  id: string,
  read: () => Item,
): StoredContent<Item> {
  try {
    return read();
  } catch (error) {
    const fault =
      error instanceof UnreadableColumn
        ? `what is stored as its ${error.column} is no JSON`
        : 'what is stored of it has not the form that it should have';
    return new GlueError('GLUE_CONTENT_UNREADABLE', `${noun} ${id} cannot be read: ${fault}`);
  }
}

/** Parses a column that holds JSON, for {@link readStored}. */
export function parseStored(column: string, json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    throw new UnreadableColumn(column);
  }
}

class UnreadableColumn extends Error {
  constructor(readonly column: string) {
    super(`${column} cannot be read`);
  }
}

/** The attempt at an item that cannot be read: our own fault, so no retry is used up. */
export function unreadable({ message }: GlueError): AttemptResult {
  const note = `${message}. Restore its rows from a backup: it is tried again every ${RETRY_SECONDS / 60} minutes. Or give it up: move it to the dead letters, or cancel it`;
  return { result: { kind: 'failed', note, seconds: RETRY_SECONDS, internal: true }, cause: 'internal' };
}
