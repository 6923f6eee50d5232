import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import { GlueError } from '../src/errors/glue-error.js';
import { GroupCommit } from '../src/work/group-commit.js';

const away = () => new GlueError('GLUE_DATABASE_UNAVAILABLE', 'the database cannot be used');
const locked = () => new GlueError('GLUE_DATABASE_CONFLICT', 'the database refused a transaction once');
const full = () => new Error('too much waits');

describe('a group commit', () => {
  const clock = new ManualClock();

  it('writes those who come together, and those who come meanwhile, in groups', async () => {
    const groups: number[][] = [];
    const commit = new GroupCommit<number, number>({
      clock,
      maxItems: 3,
      overloaded: full,
      commit: async (group) => {
        groups.push([...group]);
        return group.map((item) => item * 10);
      },
    });
    expect(await Promise.all([1, 2, 3, 4].map((item) => commit.add(item)))).toEqual([10, 20, 30, 40]);
    expect(groups).toEqual([[1, 2, 3], [4]]);
  });

  it('lets a bad item fail alone', async () => {
    const commit = new GroupCommit<string, string>({
      clock,
      overloaded: full,
      commit: async (group) => {
        if (group.includes('bad')) throw new Error('no such item');
        return group;
      },
    });
    const results = await Promise.allSettled(['a', 'bad', 'b'].map((item) => commit.add(item)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  it('lets no others wait for a bad item that takes its time', async () => {
    const stuck = Promise.withResolvers<void>();
    const commit = new GroupCommit<string, string>({
      clock,
      overloaded: full,
      commit: async (group) => {
        if (group.length > 1 && group.includes('locked')) throw locked();
        if (group.includes('locked')) await stuck.promise;
        return group;
      },
    });
    const first = ['a', 'locked', 'b'].map((item) => commit.add(item));
    expect(await first[0]).toBe('a');
    expect(await commit.add('later')).toBe('later');
    stuck.resolve();
    expect(await Promise.all(first)).toEqual(['a', 'locked', 'b']);
    await commit.idle();
  });

  it('keeps nobody waiting for many locks: after ten seconds the rest of the group is refused', async () => {
    const commit = new GroupCommit<number, number>({
      clock,
      overloaded: full,
      commit: async () => {
        clock.advance(2_000);
        throw locked();
      },
    });
    let refused = 0;
    const startMs = clock.monotonic();
    const all = Array.from({ length: 64 }, (_, item) => commit.add(item).catch(() => (refused += 1)));
    await Promise.all(all);
    expect(clock.monotonic() - startMs).toBe(12_000);
    expect(refused).toBe(64);
  });

  it('tries no more of a group one by one when the database goes away meanwhile', async () => {
    let tries = 0;
    const commit = new GroupCommit<number, number>({
      clock,
      overloaded: full,
      commit: async (group) => {
        tries += 1;
        if (group.length > 1) throw new Error('one is bad');
        if (tries > 3) throw away();
        return group;
      },
    });
    const results = await Promise.allSettled(Array.from({ length: 64 }, (_, item) => commit.add(item)));
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(tries).toBe(4);
    await commit.idle();
  });

  it('writes no group of nobody, where all who wait are refused while it gathers', async () => {
    const sizes: number[] = [];
    const { promise: gone, resolve: goAway } = Promise.withResolvers<void>();
    const commit = new GroupCommit<number, number>({
      clock,
      overloaded: full,
      commit: async (group) => {
        sizes.push(group.length);
        if (group.length > 1) throw new Error('one is bad');
        await gone;
        throw away();
      },
    });
    const apart = Promise.allSettled([commit.add(1), commit.add(2)]);
    while (sizes.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const late = commit.add(3);
    goAway();
    await expect(late).rejects.toThrow('the database cannot be used');
    await apart;
    await commit.idle();
    expect(sizes).toEqual([2, 1]);
  });

  it('refuses an item when too many wait, and when what waits takes up too much', async () => {
    const stuck = Promise.withResolvers<void>();
    const commit = new GroupCommit<string, string>({
      clock,
      maxItems: 1,
      maxWaiting: 3,
      size: { of: (item) => item.length, max: 10 },
      overloaded: full,
      commit: async (group) => {
        await stuck.promise;
        return group;
      },
    });
    const first = commit.add('first');
    await new Promise((done) => setImmediate(done)); // it is being written now, and waits no more
    const second = commit.add('123456');
    await expect(commit.add('12345')).rejects.toThrow('too much waits');
    const small = [commit.add('1'), commit.add('2')];
    await expect(commit.add('3')).rejects.toThrow('too much waits');
    stuck.resolve();
    expect(await Promise.all([first, second, ...small])).toEqual(['first', '123456', '1', '2']);
    expect(await commit.add('longer than the limit, alone')).toBeTruthy();
  });

  it('answers everybody at once while the database is away, and one at a time tries whether it is back', async () => {
    let isAway = true;
    let tries = 0;
    const commit = new GroupCommit<number, number>({
      clock,
      maxItems: 2,
      overloaded: full,
      commit: async (group) => {
        tries += 1;
        if (isAway) throw away();
        return group;
      },
    });
    const refused = await Promise.allSettled([1, 2, 3, 4, 5].map((item) => commit.add(item)));
    expect(refused.every(({ status }) => status === 'rejected')).toBe(true);
    expect(tries).toBe(1);
    await expect(commit.add(6)).rejects.toThrow('cannot be used');
    expect(tries).toBe(1);

    clock.set(clock.now() - 3_600_000); // nor does a clock that is set keep them away
    clock.advance(200);
    isAway = false;
    const probe = commit.add(7);
    await expect(commit.add(8)).rejects.toThrow('cannot be used');
    expect(await probe).toBe(7);
    expect(await commit.add(9)).toBe(9);
    expect(tries).toBe(3);
  });
});
