import type { Logger } from '../log/logger.js';
import type { HostRow } from './host-table.js';
import type { Processes } from './process-mark.js';

export interface NamesakesOptions {
  readonly name: string;
  readonly processes: Processes;
  readonly logger: Logger;
}

/**
 * Rows of hosts with the name of this one: what it left behind when it was killed, or a host that was given the same
 * name by mistake. Only of what is provably dead the work is free at once; all else keeps it while its lease is renewed.
 */
export class Namesakes {
  /** How long each held its lease when it was last seen. */
  readonly #leases = new Map<number, number>();
  readonly #told = new Set<number>();

  constructor(private readonly options: NamesakesOptions) {}

  /**
   * Those that are dead for sure.
   * @param rows - all rows of this name
   * @param own - incarnations that were this host's own
   */
  findDead(rows: readonly HostRow[], own: ReadonlySet<number>, nowMs: number): readonly number[] {
    const dead: number[] = [];
    for (const row of rows) {
      const { incarnation, pid, process } = row;
      const fate = own.has(incarnation) ? 'dead' : this.options.processes.fateOf(pid, process);
      if (fate === 'dead') dead.push(incarnation);
      else if (fate === 'running') this.#tellOfTwo(row);
      else this.#tellOfWait(row, nowMs);
    }
    return dead;
  }

  /** Whoever renews its lease lives. @param others - rows of hosts but this one */
  look(others: readonly HostRow[]): void {
    for (const row of others) {
      if (row.name !== this.options.name) continue;
      const leaseUntil = Number(row.lease_until);
      const before = this.#leases.get(row.incarnation);
      this.#leases.set(row.incarnation, leaseUntil);
      if (before !== undefined && leaseUntil > before) this.#tellOfTwo(row);
    }
    const known = new Set(others.map(({ incarnation }) => incarnation));
    for (const incarnation of this.#leases.keys())
      if (!known.has(incarnation)) this.#leases.delete(incarnation);
  }

  /** Two sides that are mounted in one app are one host. */
  #tellOfTwo({ incarnation, pid, process }: HostRow): void {
    const { name, processes, logger } = this.options;
    if (process === processes.own || this.#told.has(incarnation)) return;
    this.#told.add(incarnation);
    logger.error(
      { name, incarnation, pid },
      `two hosts run under the name "${name}" on one database: give each a host.name of its own`,
    );
  }

  #tellOfWait({ incarnation, pid, lease_until }: HostRow, nowMs: number): void {
    const waitMs = Number(lease_until) - nowMs;
    if (waitMs <= 0) return;
    const { name, logger } = this.options;
    logger.warn(
      { name, incarnation, pid, waitMs },
      'a host of this name may still run, on another machine or in another container; should it not, its work is taken over when its lease has run out',
    );
  }
}
