import { describe, expect, it } from '@jest/globals';
import type { RemoveJobsOptions } from 'agenda';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend } from './jobs.js';

onEachDatabase((database) => {
  const store = emptyBackend(database);
  const save = async (name: string, data?: unknown) =>
    `${(await store.repository().saveJob(aJob({ name, data })))._id}`;
  const remove = (options: RemoveJobsOptions) => store.repository().removeJobs(options);
  const left = async () =>
    (await store.repository().queryJobs({ sort: { name: 'asc' } })).jobs.map(({ name }) => name);

  describe('removeJobs', () => {
    it('removes by name, names, other names, id and ids, and says how many', async () => {
      const ids = [];
      for (const name of ['a', 'a', 'b', 'c', 'd', 'e', 'f']) ids.push(await save(name));
      expect(await remove({ name: 'a' })).toBe(2);
      expect(await remove({ names: ['b', 'no such'] })).toBe(1);
      expect(await remove({ id: ids[3] })).toBe(1);
      expect(await remove({ ids: ids.slice(4, 5) })).toBe(1);
      expect(await left()).toEqual(['e', 'f']);
      expect(await remove({ notNames: ['e'] })).toBe(1);
      expect(await left()).toEqual(['e']);
      expect(await remove({ id: 'e' })).toBe(0);
    });

    it('removes only what matches all that is given', async () => {
      const id = await save('a');
      expect(await remove({ id, name: 'b' })).toBe(0);
      expect(await remove({ id, data: { x: 1 } })).toBe(0);
      expect(await remove({ id, name: 'a' })).toBe(1);
    });

    it.each<RemoveJobsOptions>([
      {},
      { ids: [] },
      { names: [] },
      { notNames: [] },
      { data: {} },
      { name: '' },
    ])('removes nothing for %j', async (options) => {
      await save('a');
      expect(await remove(options)).toBe(0);
      expect(await store.repository().disableJobs(options)).toBe(0);
      expect(await left()).toEqual(['a']);
    });
  });

  describe('selecting by data', () => {
    const jobs: [name: string, data: unknown][] = [
      ['one', { user: { id: 1, name: 'Ann' }, tags: ['a', 'b'], on: true, 'a b.c': 1, none: null }],
      ['two', { user: { id: 2, name: 'ann' }, tags: ['a'], on: false }],
      ['text', { user: { id: '1' } }],
      ['list', [1, 2]],
      ['listed', { list: [{ b: 1, a: 2 }] }],
      ['scalar', 5],
      ['nothing', undefined],
    ];
    it.each<[data: unknown, expected: string[]]>([
      [{ user: { id: 1 } }, ['one']],
      [{ user: { id: '1' } }, ['text']],
      [{ user: { name: 'ann' } }, ['two']],
      [{ user: { id: 2, name: 'ann' }, on: false }, ['two']],
      [{ user: { id: 2 }, on: true }, []],
      [{ tags: ['a'] }, ['two']],
      [{ tags: ['a', 'b'] }, ['one']],
      [{ tags: ['b', 'a'] }, []],
      [{ tags: 'a' }, []],
      [{ user: { name: 'Ann' } }, ['one']],
      [{ on: true }, ['one']],
      [{ 'a b.c': 1 }, ['one']],
      [{ user: 1 }, []],
      [{ user: { id: 1 }, none: null }, ['one']],
      [{ user: { id: 2 }, none: null }, ['two']],
      [{ user: { id: 1 }, on: undefined }, []],
      [[1, 2], ['list']],
      [{ list: [{ b: 1, a: 2 }] }, ['listed']],
      [5, ['scalar']],
      ['5', []],
      [null, ['nothing']],
    ])('%j', async (data, expected) => {
      for (const [name, stored] of jobs) await save(name, stored);
      const { jobs: found } = await store.repository().queryJobs({ data, sort: { name: 'asc' } });
      expect(found.map(({ name }) => name)).toEqual(expected);
      expect(await remove({ data })).toBe(expected.length);
    });

    it('refuses what it could not tell the database', async () => {
      await expect(async () => remove({ data: { 'a"b': 1 } })).rejects.toThrow(
        'data: cannot search by the field "a\\"b"',
      );
      await expect(async () => remove({ data: { a: /x/ } })).rejects.toThrow('/x/ (object) has no JSON form');
    });
  });

  describe('disableJobs and enableJobs', () => {
    it('change the selected jobs, and count those they changed', async () => {
      await save('a');
      await save('a');
      await save('b');
      const { jobs } = await store.repository().queryJobs({ name: 'a' });
      expect(await store.repository().disableJobs({ id: jobs[0]?._id })).toBe(1);
      expect(await store.repository().disableJobs({ name: 'a' })).toBe(1);
      expect((await store.repository().queryJobs({ state: 'paused' })).total).toBe(2);
      expect(await store.repository().enableJobs({ notNames: ['b'] })).toBe(2);
      expect(await store.repository().enableJobs({ name: 'a' })).toBe(0);
    });
  });

  it('purgeAllJobs removes all', async () => {
    await save('a');
    await save('b');
    expect(await store.repository().purgeAllJobs()).toBe(2);
    expect(await left()).toEqual([]);
  });
});
