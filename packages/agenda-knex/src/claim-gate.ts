/**
 * Lets claims through until it is closed.
 *
 * A stopping Agenda does not end the loop that fills its queue: with a long backlog it goes on locking jobs that
 * nobody will run. Behind a closed gate it finds none.
 */
export class ClaimGate {
  #open = true;
  readonly #underway = new Set<Promise<unknown>>();

  open(): void {
    this.#open = true;
  }

  /** Closes, and waits for the claims under way; each gives back what it got. */
  async close(): Promise<void> {
    this.#open = false;
    await Promise.allSettled(this.#underway);
  }

  async pass<T>(
    claim: () => Promise<T | undefined>,
    giveBack: (claimed: T) => Promise<void>,
  ): Promise<T | undefined> {
    if (!this.#open) return undefined;
    const passing = this.#passing(claim, giveBack);
    this.#underway.add(passing);
    try {
      return await passing;
    } finally {
      this.#underway.delete(passing);
    }
  }

  async #passing<T>(claim: () => Promise<T | undefined>, giveBack: (claimed: T) => Promise<void>) {
    const claimed = await claim();
    if (claimed === undefined || this.#open) return claimed;
    await giveBack(claimed);
    return undefined;
  }
}
