import type { Knex } from 'knex';
import type { z } from 'zod';
import type { Transaction } from '../database/database.js';
import type { ErrorCode } from '../errors/error-table.js';
import type { SideName } from '../side/side-name.js';
import type { StoredContent } from '../work/stored-content.js';
import type { Phase, WorkTable } from '../work/work-table.js';
import type { WorkFilter } from './work-filter.js';

/** Where items that are due at once stand: since when, and in which phase of their lane. */
export interface Place {
  /** The shared time, Unix milliseconds. */
  readonly nowMs: number;
  readonly phase: Phase;
}

/** The new ids of a replay by the old, or GLUE_CONTENT_UNREADABLE of an item of which none was made. */
export type Replays = ReadonlyMap<string, StoredContent<string>>;

/** What the endpoints of a side, as they are now, say about moves. */
export interface MoveRules {
  /** Whether a dead letter of the lane keeps later items of its ordering key waiting. */
  blocksKey(lane: number): boolean;
  /**
   * Stores, for each of these finished items, a new one that does it again. Nobody else changes them meanwhile.
   * @returns the new ids by the old; why one cannot be read; an item without content is left out
   */
  replay(trx: Transaction, ids: readonly string[], place: Place): Promise<Replays>;
  /** Puts drafts, which are locked, behind what is queued already. Absent where there are none. */
  queueDrafts?(trx: Transaction, ids: readonly string[], place: Place): Promise<void>;
}

/** What a side gives so that operators can move its items. */
export interface OperatedWork {
  readonly side: SideName;
  /** What one item is called. */
  readonly noun: 'event' | 'delivery';
  readonly notFound: ErrorCode;
  readonly table: WorkTable;
  /** Reads the endpoints; asked before the transaction of a move begins. */
  rules(): Promise<MoveRules>;
}

/** What a side gives so that operators can move many of its items by a filter. */
export interface FilteredWork<Filter extends WorkFilter = WorkFilter> extends OperatedWork {
  readonly filterSchema: z.ZodType<Filter>;
  /** Adds the conditions of a filter to a query over the items. */
  narrow(query: Knex.QueryBuilder, filter: Filter): void;
  /** The column with the time that an item arrived. */
  readonly arrivedAt: string;
}
