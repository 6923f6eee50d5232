import { GlueError, GroupCommit, type Clock, type Database, type ErrorCode } from 'glue-core';
import { appendEvents } from './append-events.js';
import type { NewEvent, Receipt } from './new-event.js';

export interface EventLogOptions {
  readonly database: Database;
  readonly clock: Clock;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Called after a commit, once per endpoint that has something to be processed. */
  readonly stored: (endpointId: number) => void;
  /** Events that may wait to be stored. @defaultValue 2,000 */
  readonly maxWaiting?: number;
}

/** Bytes of bodies that may wait to be stored. */
const MAX_WAITING_BYTES = 64 * 1024 * 1024;
/** What callers are told as it is. */
const ownCodes: ReadonlySet<ErrorCode> = new Set([
  'GLUE_STORE_UNAVAILABLE',
  'GLUE_DATABASE_PACKET_TOO_LARGE',
]);

/** Where events are stored before anybody is answered. */
export class EventLog {
  readonly #group: GroupCommit<NewEvent, Receipt>;

  constructor({ database, clock, now, stored, maxWaiting = 2_000 }: EventLogOptions) {
    this.#group = new GroupCommit({
      clock,
      maxWaiting,
      size: { of: ({ body }) => body.length, max: MAX_WAITING_BYTES },
      commit: async (group) => {
        const receipts = await appendEvents(database, group, now());
        for (const endpointId of new Set(group.map((event) => event.endpointId))) stored(endpointId);
        return receipts;
      },
      overloaded: () => new GlueError('GLUE_STORE_UNAVAILABLE', 'too many events wait to be stored'),
    });
  }

  /**
   * Resolves after the commit; a duplicate gets the first event's id.
   * @throws GLUE_STORE_UNAVAILABLE when too many wait, or the database is away;
   *   GLUE_DATABASE_PACKET_TOO_LARGE when the database does not take an event of this size
   */
  async append(event: NewEvent): Promise<Receipt> {
    try {
      return await this.#group.add(event);
    } catch (error) {
      if (error instanceof GlueError && ownCodes.has(error.code)) throw error;
      // The database's own message can repeat what was to be stored: it stays in the cause, out of the log.
      throw new GlueError('GLUE_STORE_UNAVAILABLE', `an event could not be stored: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  /** Resolves when nothing waits to be stored. */
  idle(): Promise<void> {
    return this.#group.idle();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof GlueError) return `${error.code}: ${error.message}`;
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : 'unknown error';
}
