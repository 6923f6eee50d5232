import type { Database } from '../database/database.js';
import { claimWork, type ClaimedRow } from './claim-work.js';
import type { HostLease } from './host-lease.js';
import type { StrayWork } from './stray-work.js';
import { PHASE, type Phase, type WorkTable } from './work-table.js';

export interface LaneClaimsOptions {
  readonly database: Database;
  readonly table: WorkTable;
  readonly lease: HostLease;
  readonly strays: StrayWork;
  /** Ids and tokens of the items that are worked on here; what is claimed is added. */
  readonly held: Map<string, number>;
}

export interface ClaimTurn {
  readonly lane: number;
  readonly limit: number;
  /** Retries may be due too; otherwise only first attempts are looked for. */
  readonly mayBeDue: boolean;
}

/** Claims for this host: what is due in a lane, each claim under a fencing token of its own. */
export class LaneClaims {
  #token = 0;
  #turn = 0;

  constructor(private readonly options: LaneClaimsOptions) {}

  /**
   * First attempts go first; every fourth turn keeps a quarter for retries, so that they are not starved.
   * @param claimed - what is claimed is added here, so that it is known also where a later claim of the turn fails
   */
  async claim({ lane, limit, mayBeDue }: ClaimTurn, claimed: ClaimedRow[]): Promise<void> {
    if (!mayBeDue) return this.#claimPhase(lane, PHASE.first, limit, claimed);
    this.#turn += 1;
    if (this.#turn % 4 === 0) await this.#claimPhase(lane, PHASE.retry, Math.ceil(limit / 4), claimed);
    await this.#claimPhase(lane, PHASE.first, limit - claimed.length, claimed);
    await this.#claimPhase(lane, PHASE.retry, limit - claimed.length, claimed);
  }

  async #claimPhase(lane: number, phase: Phase, limit: number, claimed: ClaimedRow[]): Promise<void> {
    const { database, table, lease, strays, held } = this.options;
    if (limit === 0 || !lease.isHeld()) return;
    const token = (this.#token + 1) % 0xffff_ffff;
    this.#token = token;
    const request = { lane, phase, limit, nowMs: lease.now(), owner: lease.incarnation, token };
    const rows = await claimWork(database, table, request).catch((error: unknown) => {
      strays.claimLost(token);
      throw error;
    });
    for (const row of rows) held.set(row.id, token);
    claimed.push(...rows);
  }
}
