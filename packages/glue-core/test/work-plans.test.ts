import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { dialectOf, type Database } from '../src/database/database.js';
import { rowsOf } from '../src/database/database-time.js';
import { waitingBehindSql } from '../src/work/block-work.js';
import { dueWorkSql } from '../src/work/claim-work.js';
import { countWaiting, dueBacklog, dueBacklogSql, waitingSinceSql } from '../src/work/due-backlog.js';
import { heldLanesSql, waitingLanes, waitingLanesSql } from '../src/work/waiting-lanes.js';
import { describeEachDatabase } from './support/databases.js';
import { makeJobTables, storeJobs, table } from './support/work-fixture.js';

interface SqliteStep {
  readonly detail: string;
}
interface MysqlStep {
  readonly table: string;
  readonly type: string;
  readonly key: string | null;
  readonly Extra: string;
}

/** How the database would run a statement, one line per step. */
async function planOf(database: Database, sql: string, values: readonly number[] = []): Promise<string[]> {
  const isSqlite = dialectOf(database) === 'sqlite';
  const answer: unknown = await database.raw(`EXPLAIN ${isSqlite ? 'QUERY PLAN ' : ''}${sql}`, [...values]);
  return isSqlite
    ? rowsOf<SqliteStep>(answer).map(({ detail }) => detail)
    : rowsOf<MysqlStep>(answer).map((step) => `${step.table} ${step.type} ${step.key}: ${step.Extra}`);
}

describeEachDatabase('the plans of a queue with much finished work', (openDatabase) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    for (let lane = 1; lane <= 20; lane += 1) {
      await storeJobs(database, lane, 250, { state: 'done', phase: null, due_at: lane });
      await storeJobs(database, lane, 20, { due_at: lane });
      await storeJobs(database, lane, 20, { state: 'retrying', phase: 1, due_at: 1_000 - lane });
    }
    await database.raw(dialectOf(database) === 'sqlite' ? 'ANALYZE' : 'ANALYZE TABLE jobs');
  });

  afterEach(() => database.destroy());

  it.each([0, 1])('claims phase %i by the claim index, in its order, without sorting', async (phase) => {
    const locking = dialectOf(database) === 'sqlite' ? '' : ' FOR UPDATE SKIP LOCKED';
    const [claim, ...others] = await planOf(database, dueWorkSql(table) + locking, [3, phase, 500, 100]);
    expect(claim).toMatch(/jobs_claim/);
    expect([claim, ...others].join('\n')).not.toMatch(/filesort|TEMP B-TREE|temporary/i);
    if (dialectOf(database) === 'sqlite') expect(claim).toContain('(endpoint_id=? AND phase=? AND due_at<?)');
    else expect(claim).toMatch(/range/);
  });

  it('looks for waiting lanes by jumping from lane to lane', async () => {
    const plan = await planOf(database, waitingLanesSql('jobs', dialectOf(database)));
    const steps = plan.filter((step) => step.includes('jobs'));
    expect(steps.length).toBeGreaterThan(2);
    for (const step of steps)
      expect(step).toMatch(
        dialectOf(database) === 'sqlite'
          ? /^SEARCH jobs USING COVERING INDEX jobs_claim/
          : /jobs (range jobs_claim: .*for group-by|ref jobs_claim)/,
      );
  });

  it('looks for held and for blocked work by the claim index, not among what is finished', async () => {
    const isSqlite = dialectOf(database) === 'sqlite';
    const held = await planOf(database, heldLanesSql('jobs', dialectOf(database)));
    const inLanes = held.filter((step) => step.includes('jobs'));
    expect(inLanes.length).toBeGreaterThan(1);
    for (const step of inLanes)
      expect(step).toMatch(
        isSqlite
          ? /^SEARCH jobs USING COVERING INDEX jobs_claim/
          : /jobs (range jobs_claim: .*for group-by|ref jobs_claim)/,
      );

    for (const lane of [3, 4, 5]) {
      const key = { ordering_key: 'a', open_key: 'a' };
      await storeJobs(database, lane, 300, { due_at: lane, ...key });
    }
    await database.raw(isSqlite ? 'ANALYZE' : 'ANALYZE TABLE jobs');
    const behind = await planOf(database, waitingBehindSql(table), [3, 500]);
    for (const step of behind) expect(step).not.toMatch(/SCAN|filesort|^\S+ (ALL|index) /);
    expect(behind.find((step) => /\bitem\b/.test(step))).toMatch(/jobs_claim|jobs_turn/);
    for (const step of behind.filter((each) => /\b(first|earlier)\b/.test(each)))
      expect(step).toMatch(/jobs_turn/);
  });

  it('reads as much of a long backlog for that as of a short one', async () => {
    if (dialectOf(database) === 'sqlite') return;
    const reads = () =>
      database.transaction(async (trx) => {
        await trx.raw('FLUSH STATUS');
        await trx.raw(waitingLanesSql('jobs', 'mysql'));
        const counted = rowsOf<{ Value: string }>(await trx.raw("SHOW STATUS LIKE 'Handler_read%'"));
        return counted.reduce((sum, { Value }) => sum + Number(Value), 0);
      });
    const before = await reads();
    for (let lane = 1; lane <= 20; lane += 1) await storeJobs(database, lane, 250, { due_at: 100 + lane });
    await database.raw('ANALYZE TABLE jobs');
    expect(await reads()).toBeLessThan(before + 50);
  });

  it('finds what a host owns, and what nobody with a lease owns, by the index of owners', async () => {
    const owned = await planOf(database, 'SELECT id, endpoint_id, token FROM jobs WHERE owner = ?', [1]);
    expect(owned.join('\n')).toMatch(/jobs_owner/);
    const owners = await planOf(database, 'SELECT DISTINCT owner AS id FROM jobs WHERE owner IS NOT NULL');
    expect(owners.join('\n')).toMatch(/jobs_owner/);
    const orphans = await planOf(
      database,
      'UPDATE jobs SET takeovers = takeovers + 1 WHERE owner IN (?, ?)',
      [1, 2],
    );
    expect(orphans.join('\n')).toMatch(/jobs_owner/);
  });

  it('looks for the front of an ordering key by the index of turns', async () => {
    const isSqlite = dialectOf(database) === 'sqlite';
    const plan = await planOf(database, dueWorkSql(table), [3, 0, 500, 100]);
    const front = plan.find((step) => step.includes('earlier'));
    expect(front).toMatch(
      isSqlite ? /jobs_turn \(endpoint_id=\? AND open_key=\? AND turn<\?\)/ : /earlier ref\S* jobs_turn/,
    );
  });

  it('counts what waits in a lane by the claim index, and by its fronts where it has ordering keys', async () => {
    const isSqlite = dialectOf(database) === 'sqlite';
    const waiting = await planOf(database, waitingSinceSql(table), [3, 500]);
    expect(waiting.join('\n')).toMatch(/jobs_claim/);
    const plan = await planOf(database, dueBacklogSql(table), [3, 500, 500, 10]);
    expect(plan.find((step) => step.includes('item'))).toMatch(/jobs_claim/);
    expect(plan.find((step) => step.includes('front'))).toMatch(
      isSqlite ? /jobs_turn \(endpoint_id=\? AND open_key=\?\)/ : /front ref\S* jobs_turn/,
    );
    const due = { lane: 3, dueByMs: 997 };
    expect(await countWaiting(database, table, due)).toBe(40);
    expect(await countWaiting(database, table, { lane: 3, dueByMs: 996 })).toBe(20);
    expect(await dueBacklog(database, table, due, 1_000)).toBe(40);
    expect(await dueBacklog(database, table, due, 7)).toBe(7);
  });

  it('tells for every lane with waiting work when its first item falls due', async () => {
    const lanes = await waitingLanes(database, table);
    expect(lanes.sort((a, b) => a.lane - b.lane)).toEqual(
      Array.from({ length: 20 }, (_, index) => ({ lane: index + 1, dueAt: index + 1, hasBlocked: false })),
    );
    await database('jobs').whereIn('endpoint_id', [1, 2]).update({ phase: null });
    await database('jobs').where({ endpoint_id: 3, phase: 0 }).update({ phase: null });
    const left = await waitingLanes(database, table);
    expect(left).toHaveLength(18);
    expect(left.find(({ lane }) => lane === 3)?.dueAt).toBe(997);
  });
});
