import { audit } from '../audit/audit-log.js';
import { announceChange } from '../change/change-feed.js';
import type { Database } from '../database/database.js';
import { inTransaction } from '../database/in-transaction.js';
import { GlueError } from '../errors/glue-error.js';
import { newId } from '../naming/new-id.js';
import { statesFor, type Move } from '../work/work-moves.js';
import { BULK_MOVES, type BulkMoveRow } from './bulk-move-table.js';
import { countInScope, type BulkScope } from './bulk-scan.js';
import { scopeOf } from './bulk-step.js';
import type { FilteredWork } from './operated-work.js';
import type { MoveReason } from './move-note.js';
import type { WorkFilter } from './work-filter.js';

/** One move of every item that fits a filter. Times are Unix milliseconds. */
export interface BulkMove {
  readonly id: string;
  readonly move: Move;
  readonly filter: WorkFilter;
  readonly state: BulkMoveRow['state'];
  readonly actor: string;
  readonly note: string | undefined;
  /** Why it was given up, when it is `failed`; what it has moved stays so. */
  readonly failure: string | undefined;
  /** The limit it was given. */
  readonly perSecond: number | undefined;
  /** Items that it was for when it was started. */
  readonly total: number;
  readonly moved: number;
  /** Those of the total that were not as they had been when it was their turn; known at the end. */
  readonly skipped: number | undefined;
  readonly startedAt: number;
  readonly finishedAt: number | undefined;
}

export interface BulkMovesOptions<Filter extends WorkFilter> {
  readonly database: Database;
  readonly work: FilteredWork<Filter>;
  /** The shared time, Unix milliseconds. */
  readonly now: () => number;
  /** Called after a start; whoever makes the steps on this host may begin. */
  readonly started?: () => void;
}

/** Bulk moves of one side: asked for here, made step by step by whatever host runs (see `BulkRunner`). */
export class BulkMoves<Filter extends WorkFilter = WorkFilter> {
  constructor(private readonly options: BulkMovesOptions<Filter>) {}

  /** How many items a bulk move would be for now. @throws GLUE_WORK_STATE when the move never starts from the filter's state */
  count(move: Move, filter: Filter): Promise<number> {
    const { database, work, now } = this.options;
    return countInScope(database, work, checked({ move, filter, startedAt: now() }));
  }

  /**
   * Starts a bulk move of the items that fit the filter now; what arrives or changes later is left alone.
   * @param perSecond - moves no more than that. @defaultValue as fast as goes without harm to what comes in
   * @throws GLUE_WORK_STATE when the move never starts from the filter's state
   */
  async start(
    move: Move,
    filter: Filter,
    { actor, note, perSecond }: MoveReason & { readonly perSecond?: number },
  ): Promise<BulkMove> {
    const { database, work, now, started } = this.options;
    const scope = checked({ move, filter, startedAt: now() });
    const total = await countInScope(database, work, scope);
    const row: BulkMoveRow = {
      id: newId(),
      side: work.side,
      move,
      filter: JSON.stringify(filter),
      state: 'running',
      actor,
      note: note ?? null,
      failure: null,
      per_second: perSecond ?? null,
      total,
      moved: 0,
      reached: null,
      started_at: scope.startedAt,
      due_at: scope.startedAt,
      finished_at: null,
    };
    await inTransaction(database, async (trx) => {
      await trx<BulkMoveRow>(BULK_MOVES).insert(row);
      await audit(trx, {
        at: scope.startedAt,
        actor,
        action: 'bulk-move.start',
        subject: this.#subject(row.id),
        detail: { move, filter, total, ...(note !== undefined && { note }) },
      });
      await announceChange(trx, 'work');
    });
    started?.();
    return this.#view(row);
  }

  /** The latest first. @param limit - @defaultValue 50 */
  async list(limit = 50): Promise<BulkMove[]> {
    const rows = await this.#rows().orderBy('id', 'desc').limit(limit);
    return rows.map((row) => this.#view(row));
  }

  /** @throws GLUE_BULK_MOVE_NOT_FOUND */
  async get(id: string): Promise<BulkMove> {
    const row = await this.#rows().where({ id }).first();
    if (!row) throw this.#notFound(id);
    return this.#view(row);
  }

  /**
   * Ends a bulk move before its end; what it has moved stays so.
   * @throws GLUE_BULK_MOVE_NOT_FOUND; GLUE_WORK_STATE when it is over
   */
  async cancel(id: string, { actor, note }: MoveReason): Promise<BulkMove> {
    const { database, now } = this.options;
    const nowMs = now();
    await inTransaction(database, async (trx) => {
      const ended = await this.#rows(trx)
        .where({ id, state: 'running' })
        .update({ state: 'canceled', finished_at: nowMs });
      if (ended === 0) {
        const row = await this.#rows(trx).where({ id }).first();
        throw row
          ? new GlueError('GLUE_WORK_STATE', `bulk move ${id} is ${row.state}; it cannot be canceled`)
          : this.#notFound(id);
      }
      await audit(trx, {
        at: nowMs,
        actor,
        action: 'bulk-move.cancel',
        subject: this.#subject(id),
        ...(note !== undefined && { detail: { note } }),
      });
    });
    return this.get(id);
  }

  #rows(database: Database = this.options.database) {
    return database<BulkMoveRow>(BULK_MOVES).where({ side: this.options.work.side });
  }

  #view(row: BulkMoveRow): BulkMove {
    const { move, filter, startedAt } = scopeOf(row, this.options.work);
    const [total, moved] = [Number(row.total), Number(row.moved)];
    return {
      id: row.id,
      move,
      filter,
      state: row.state,
      actor: row.actor,
      note: row.note ?? undefined,
      failure: row.failure ?? undefined,
      perSecond: row.per_second ?? undefined,
      total,
      moved,
      skipped: row.state === 'done' ? Math.max(0, total - moved) : undefined,
      startedAt,
      finishedAt: row.finished_at === null ? undefined : Number(row.finished_at),
    };
  }

  #subject(id: string): string {
    return `${this.options.work.side} ${this.options.work.noun} bulk move ${id}`;
  }

  #notFound(id: string): GlueError {
    return new GlueError('GLUE_BULK_MOVE_NOT_FOUND', `there is no ${this.options.work.noun} bulk move ${id}`);
  }
}

function checked(scope: BulkScope): BulkScope {
  const { move, filter } = scope;
  const states = statesFor(move);
  if (filter.state === undefined || states.includes(filter.state)) return scope;
  throw new GlueError(
    'GLUE_WORK_STATE',
    `there is no ${move} of what is ${filter.state}, only from ${states.join(', ')}`,
  );
}
