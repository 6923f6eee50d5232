import type { Transaction } from 'glue-core';

/**
 * Wakes lanes when the caller's transaction has committed: each once, however many deliveries it queues there. Rolled
 * back, there is nothing to wake for; the caller hears of it elsewhere.
 */
export class AfterCommit {
  /** By transaction: each lane, with its earliest due time. */
  readonly #lanes = new WeakMap<Transaction, Map<number, number>>();

  constructor(private readonly wakeNow: (lane: number, dueAt: number) => void) {}

  wake(transaction: Transaction, lane: number, dueAt: number): void {
    const known = this.#lanes.get(transaction);
    const lanes = known ?? new Map<number, number>();
    lanes.set(lane, Math.min(dueAt, lanes.get(lane) ?? Infinity));
    if (known) return;
    this.#lanes.set(transaction, lanes);
    transaction.executionPromise.then(
      () => lanes.forEach((at, each) => this.wakeNow(each, at)),
      () => {},
    );
  }
}
