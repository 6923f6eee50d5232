import type { Database } from '../database/database.js';
import { ownedWork, releaseStray, type OwnedWork } from './release-work.js';
import type { WorkTable } from './work-table.js';

/** How long a claim, or the writing of a result, may be on its way, in milliseconds: longer than a database may take. */
const ON_ITS_WAY_MS = 12_000;

/**
 * Finds rows that carry this host's mark although nobody here works on them: the answer to their claim, or to the
 * writing of their result, was lost on the way. Those of a claim that is known to be lost at the first look; others
 * when they are seen again after a while: a claim under way is none, however often one looks meanwhile.
 */
export class StrayWork {
  readonly #suspects = new Map<string, { readonly token: number; readonly sinceMs: number }>();
  /** Tokens of claims whose answer was lost lately; whether they went through, nobody knows. */
  readonly #lostClaims = new Set<number>();

  constructor(
    private readonly database: Database,
    private readonly table: WorkTable,
  ) {}

  /** The answer to a claim was lost: what it took, if it did, is nobody's. */
  claimLost(token: number): void {
    this.#lostClaims.add(token);
  }

  /** Whether to look soon. */
  get areExpected(): boolean {
    return this.#lostClaims.size > 0;
  }

  /** Ends the search for claims that were lost before it; what of them appears yet is found like any other. */
  async lookForTheLast(look: () => Promise<void>): Promise<void> {
    const known = [...this.#lostClaims];
    await look();
    for (const token of known) this.#lostClaims.delete(token);
  }

  /**
   * Makes strays claimable again.
   * @param held - ids and tokens of what this host works on
   * @param nowMs - by a clock that only goes forward
   * @returns what was released
   */
  async release(
    owner: number,
    held: ReadonlyMap<string, number>,
    nowMs: number,
  ): Promise<readonly OwnedWork[]> {
    const owned = await ownedWork(this.database, this.table, owner);
    const unknown = owned.filter(({ id, token }) => held.get(id) !== token);
    const strays = unknown.filter(({ id, token }) => this.#isStray(id, token, nowMs));
    const ids = new Set(unknown.map(({ id }) => id));
    for (const id of this.#suspects.keys()) if (!ids.has(id)) this.#suspects.delete(id);
    await releaseStray(this.database, this.table, owner, strays);
    return strays;
  }

  #isStray(id: string, token: number, nowMs: number): boolean {
    if (this.#lostClaims.has(token)) return true;
    const suspect = this.#suspects.get(id);
    if (suspect?.token === token) return nowMs - suspect.sinceMs >= ON_ITS_WAY_MS;
    this.#suspects.set(id, { token, sinceMs: nowMs });
    return false;
  }
}
