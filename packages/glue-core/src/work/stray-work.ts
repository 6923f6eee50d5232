import type { Database } from '../database/database.js';
import { ownedWork, releaseStray, type OwnedWork } from './release-work.js';
import type { WorkTable } from './work-table.js';

/**
 * Finds rows that carry this host's mark although nobody here works on them: the answer to their claim, or to the
 * writing of their result, was lost on the way. Only what is seen in two looks running, so a claim under way is none.
 */
export class StrayWork {
  #suspects: ReadonlyMap<string, number> = new Map();

  constructor(
    private readonly database: Database,
    private readonly table: WorkTable,
  ) {}

  /**
   * Makes strays claimable again.
   * @param held - ids and tokens of what this host works on
   * @returns what was released
   */
  async release(
    owner: number,
    held: ReadonlyMap<string, number>,
    nowMs: number,
  ): Promise<readonly OwnedWork[]> {
    const owned = await ownedWork(this.database, this.table, owner);
    const unknown = owned.filter(({ id, token }) => held.get(id) !== token);
    const strays = unknown.filter(({ id, token }) => this.#suspects.get(id) === token);
    this.#suspects = new Map(unknown.map(({ id, token }) => [id, token]));
    await releaseStray(this.database, this.table, owner, strays, nowMs);
    return strays;
  }
}
