import type { Clock } from '../clock/clock.js';
import { withinDeadline } from '../clock/within-deadline.js';
import type { Transaction } from '../database/database.js';
import { GlueError } from '../errors/glue-error.js';
import { runOwnWrite } from './own-write.js';

/** Rows of one kind that handlers ask for and that are written together. */
export interface EffectKind<Row> {
  readonly name: string;
  /** Writes all rows. May run more than once for the same rows when the transaction is run again. */
  write(trx: Transaction, rows: readonly Row[]): Promise<void>;
  /** Called after the commit, once. */
  committed?(rows: readonly Row[]): void;
}

/** How long one write of a handler's own may keep the transaction open, in milliseconds. */
const WRITE_LIMIT_MS = 5_000;

/** Who looks after the effects of one attempt. */
export interface EffectsWatch {
  readonly clock: Clock;
  /** The handler asked for something after its attempt had ended; nothing comes of it. */
  readonly askedTooLate: () => void;
}

/**
 * What a handler wants written with its outcome. Nothing is written while the handler runs, so no transaction
 * is open while foreign code works; the effects and the item's new state commit in one transaction, or neither does.
 */
export class Effects {
  readonly #rows = new Map<EffectKind<unknown>, unknown[]>();
  readonly #writes: ((trx: Transaction) => Promise<void>)[] = [];
  #hasEnded = false;

  constructor(private readonly watch?: EffectsWatch) {}

  /**
   * Adds a row to be written together with those of the same kind from other items.
   * @throws GLUE_ATTEMPT_ENDED
   */
  add<Row>(kind: EffectKind<Row>, row: Row): void {
    if (this.#hasEnded) {
      this.watch?.askedTooLate();
      throw new GlueError('GLUE_ATTEMPT_ENDED', 'the attempt has ended, so nothing can be written with it');
    }
    const rows = this.#rows.get(kind);
    if (rows) rows.push(row);
    else this.#rows.set(kind, [row]);
  }

  /**
   * Adds a write of the handler's own to the transaction. It may run more than once; only the last run commits. After
   * the end it is left out without an error: thrown in a timer, that would end the host.
   */
  run(write: (trx: Transaction) => Promise<void>): void {
    if (this.#hasEnded) this.watch?.askedTooLate();
    else this.#writes.push(write);
  }

  /** The attempt is over: what it asked for is what is written. */
  end(): void {
    this.#hasEnded = true;
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#writes.length === 0;
  }

  /**
   * Writes the effects of several items, kind by kind.
   * @throws OwnWriteFailed, and what the database refuses
   */
  static async write(trx: Transaction, all: readonly Effects[]): Promise<void> {
    for (const [kind, rows] of Effects.#merged(all)) await kind.write(trx, rows);
    for (const effects of all) {
      for (const write of effects.#writes) await runOwnWrite(trx, () => effects.#bounded(() => write(trx)));
    }
  }

  static committed(all: readonly Effects[]): void {
    for (const [kind, rows] of Effects.#merged(all)) kind.committed?.(rows);
  }

  static #merged(all: readonly Effects[]): Map<EffectKind<unknown>, unknown[]> {
    const merged = new Map<EffectKind<unknown>, unknown[]>();
    for (const effects of all) {
      for (const [kind, rows] of effects.#rows) merged.set(kind, [...(merged.get(kind) ?? []), ...rows]);
    }
    return merged;
  }

  /** Others wait for the same commit, and on SQLite everybody for the same connection. */
  #bounded(write: () => Promise<void>): Promise<void> {
    if (!this.watch) return write();
    const missed = 'a write that the handler gave to context.transaction() was not done';
    return withinDeadline(this.watch.clock, WRITE_LIMIT_MS, undefined, write, missed);
  }
}
