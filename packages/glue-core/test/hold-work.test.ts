import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { OperatorMoves } from '../src/operate/operator-moves.js';
import { done, retry } from '../src/outcome/outcome.js';
import { describeEachDatabase } from './support/databases.js';
import { jobOf, jobWork } from './support/job-work.js';
import { makeJobTables, startHost, storeJobs, type TestHost } from './support/work-fixture.js';

describeEachDatabase('work that is held', (openDatabase) => {
  let database: Database;
  let clock: ManualClock;
  let host: TestHost;
  const reasons = new Map<string, string>();
  const tried: string[] = [];

  beforeEach(async () => {
    database = await openDatabase();
    await makeJobTables(database);
    clock = new ManualClock();
    reasons.clear();
    tried.length = 0;
    host = await startHost(database, {
      clock,
      whyHeld: (id) => reasons.get(id),
      attempt: ({ id }, { attempt }) => {
        tried.push(id);
        return { result: attempt === 1 && id === twice ? retry({ seconds: 1 }) : done() };
      },
    });
  });
  afterEach(async () => {
    await host.stop();
    await database.destroy();
  });
  let twice: string | undefined;

  /** What is due is claimed, as often as anybody asks. */
  async function goOn(): Promise<void> {
    for (let look = 0; look < 3; look += 1) {
      clock.advance(60_000);
      host.queue.wake(1);
      await host.queue.sweep();
      await host.queue.idle();
    }
  }

  it('waits without an attempt and says why, harms none beside it, and goes on when it is freed', async () => {
    const [held = '', other = ''] = await storeJobs(database, 1, 2);
    reasons.set(held, 'nobody is there');
    await goOn();
    expect(tried).toEqual([other]);
    expect(await jobOf(database, held)).toMatchObject({
      ...{ state: 'queued', attempts: 0, failures: 0, owner: null, note: 'held: nobody is there' },
    });
    expect(await database('job_attempts').where({ item_id: held })).toEqual([]);
    expect(host.queue.held).toBe(0);
    expect(host.logged.filter((message) => message === 'work is held')).toHaveLength(1);

    reasons.clear();
    await goOn();
    expect(tried).toEqual([other, held]);
    expect(await jobOf(database, held)).toMatchObject({ state: 'done', attempts: 1, note: null });
  });

  it('waits so between two attempts, too', async () => {
    [twice] = await storeJobs(database, 1, 1);
    const id = twice ?? '';
    host.queue.poke(1);
    await host.queue.idle();
    reasons.set(id, 'nobody is there any more');
    await goOn();
    expect(await jobOf(database, id)).toMatchObject({
      ...{ state: 'retrying', attempts: 1, note: 'held: nobody is there any more' },
    });
    reasons.clear();
    await goOn();
    expect(await jobOf(database, id)).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('keeps later work of its ordering key waiting, until it has had its turn or is canceled', async () => {
    const key = (name: string) => ({ ordering_key: name, open_key: name });
    const [first = ''] = await storeJobs(database, 1, 1, key('a'));
    const [second = ''] = await storeJobs(database, 1, 1, key('a'));
    const [canceled = ''] = await storeJobs(database, 1, 1, key('b'));
    const [next = ''] = await storeJobs(database, 1, 1, key('b'));
    for (const id of [first, canceled]) reasons.set(id, 'nobody is there');
    await goOn();
    expect(tried).toEqual([]);
    const moves = new OperatorMoves({
      database,
      work: jobWork,
      now: () => clock.now(),
      wake: (lane) => host.queue.wake(lane),
    });
    await moves.move(canceled, 'cancel', { actor: 'test' });
    reasons.delete(first);
    await goOn();
    expect(tried.filter((id) => id === first || id === second)).toEqual([first, second]);
    expect(tried.filter((id) => id === canceled || id === next)).toEqual([next]);
  });
});
