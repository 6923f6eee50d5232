import type { Transaction } from '../database/database.js';

/** Rows of one kind that handlers ask for and that are written together. */
export interface EffectKind<Row> {
  readonly name: string;
  /** Writes all rows. May run more than once for the same rows when the transaction is run again. */
  write(trx: Transaction, rows: readonly Row[]): Promise<void>;
  /** Called after the commit, once. */
  committed?(rows: readonly Row[]): void;
}

/**
 * What a handler wants written with its outcome. Nothing is written while the handler runs, so no transaction
 * is open while foreign code works; the effects and the item's new state commit in one transaction, or neither does.
 */
export class Effects {
  readonly #rows = new Map<EffectKind<unknown>, unknown[]>();
  readonly #writes: ((trx: Transaction) => Promise<void>)[] = [];

  /** Adds a row to be written together with those of the same kind from other items. */
  add<Row>(kind: EffectKind<Row>, row: Row): void {
    const rows = this.#rows.get(kind);
    if (rows) rows.push(row);
    else this.#rows.set(kind, [row]);
  }

  /** Adds a write of the handler's own to the transaction. It may run more than once; only the last run commits. */
  run(write: (trx: Transaction) => Promise<void>): void {
    this.#writes.push(write);
  }

  get isEmpty(): boolean {
    return this.#rows.size === 0 && this.#writes.length === 0;
  }

  /** Writes the effects of several items, kind by kind. */
  static async write(trx: Transaction, all: readonly Effects[]): Promise<void> {
    for (const [kind, rows] of Effects.#merged(all)) await kind.write(trx, rows);
    for (const effects of all) {
      for (const write of effects.#writes) await write(trx);
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
}
