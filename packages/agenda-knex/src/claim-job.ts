import { randomInt } from 'node:crypto';
import type { Knex } from 'knex';
import { jobs, type Database } from './database.js';
import { orderBy } from './dialect.js';
import { rowToJob, type JobRow, type StoredJob } from './job-row.js';

/** How much further down the queue, at most, each collision makes a claim look. */
const STEPS_ASIDE = 30;

/** What to claim, in Unix milliseconds. */
export interface Claim {
  readonly name: string;
  /** Unlocked jobs due by then. */
  readonly dueBy: number;
  /** Locked jobs whose lock was taken by then: whoever took it is held for dead. */
  readonly lockedBy: number;
  /** The time the lock bears. */
  readonly now: number;
  readonly claimant: string | undefined;
}

/**
 * Locks the next job to run, for this caller alone.
 *
 * Jobs with an expired lock come first, longest locked before others, so that a long queue of due jobs cannot keep
 * them waiting for ever; then due jobs in the backend's order (by default: next run, then priority). They are two
 * queries, as one with OR would be served by no index.
 *
 * @param tried - which try this is; on MySQL, tries after the first may take a job that is not quite the next.
 */
export async function claimNextJob(
  database: Database,
  claim: Claim,
  tried: number,
): Promise<StoredJob | undefined> {
  const row =
    database.dialect === 'mysql'
      ? await claimLocking(database, claim, tried)
      : await claimReturning(database, claim);
  return row && rowToJob(row);
}

// Beside the lock, a claim sets two times. A one-time job whose run was broken off has no next run, and would be lost
// if the lock were given back unused (as stop() does): taking it over makes it due now. And a time that was asked for
// while another lock was held is forgotten if that lock was given back, but not if it is taken over.

/** SQLite and PostgreSQL choose and lock in one statement. */
async function claimReturning(database: Database, claim: Claim): Promise<JobRow | undefined> {
  const choices = candidates(database, claim).map((candidate) => {
    const id = candidate.select('id').limit(1);
    return database.dialect === 'postgres' ? id.forUpdate().skipLocked() : id;
  });
  const [row] = await jobs(database)
    .where('id', database.knex.raw('coalesce((?), (?))', choices))
    .update({
      ...lock(claim),
      next_run_at: database.knex.raw('coalesce(??, ?)', ['next_run_at', claim.now]),
      requested_run_at: database.knex.raw('case when ?? is null then null else ?? end', [
        'locked_at',
        'requested_run_at',
      ]),
    })
    .returning('*');
  return row;
}

/**
 * MySQL and MariaDB have no UPDATE … RETURNING: a short transaction locks the row it reads, skipping what others
 * have locked. READ COMMITTED, as REPEATABLE READ would lock the gaps beside it too.
 *
 * The nodes of a Galera cluster do not see each other's row locks, and collide at commit. If all went for the same
 * next job again, all but one would collide again; so they then look a little further down the queue.
 */
async function claimLocking(database: Database, claim: Claim, tried: number): Promise<JobRow | undefined> {
  const further = randomInt(1 + (tried - 1) * STEPS_ASIDE);
  const work = async (trx: Knex.Transaction) => {
    for (const candidate of candidates(database, claim)) {
      const row = await lockRow(candidate.transacting(trx), further);
      if (!row) continue;
      const { id, locked_at } = row;
      const changes = {
        ...lock(claim),
        next_run_at: row.next_run_at ?? claim.now,
        requested_run_at: locked_at === null ? null : row.requested_run_at,
      };
      const locked = await jobs(database).transacting(trx).where({ id, locked_at }).update(changes);
      return locked === 1 ? { ...row, ...changes } : undefined;
    }
    return undefined;
  };
  return database.knex.transaction(work, { isolationLevel: 'read committed' });
}

/**
 * Looks before it locks. A locking read also locks, for a moment, the row behind the end of what it looks for, and
 * a claim for another job name that skips locked rows would then miss its own.
 */
async function lockRow(candidate: Candidate, further: number): Promise<JobRow | undefined> {
  const seen =
    (further > 0 && (await candidate.clone().offset(further).first())) || (await candidate.clone().first());
  if (!seen) return undefined;
  const locking = candidate.forUpdate().skipLocked();
  return (await locking.clone().where({ id: seen.id }).first()) ?? (await locking.first());
}

type Candidate = ReturnType<typeof candidates>[number];

function candidates(database: Database, { name, dueBy, lockedBy }: Claim) {
  const enabled = () => jobs(database).where({ name, disabled: 0 });
  return [
    enabled().where('locked_at', '<=', lockedBy).orderBy(['locked_at', 'next_run_at']),
    enabled()
      .whereNull('locked_at')
      .where('next_run_at', '<=', dueBy)
      .orderBy(orderBy(database.dialect, database.sort)),
  ];
}

function lock({ now, claimant }: Claim) {
  return { locked_at: now, last_modified_by: claimant ?? null };
}
