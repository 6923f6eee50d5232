import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ContentMemory } from '../src/work/content-memory.js';

describe('the memory for large content', () => {
  let memory: ContentMemory;
  const never = new AbortController().signal;
  const begun: string[] = [];
  beforeEach(() => {
    memory = new ContentMemory(100);
    begun.length = 0;
  });

  const take = (name: string, lane: number, bytes: number, signal = never) =>
    void memory.take(lane, bytes, signal).then((hasRoom) => begun.push(hasRoom ? name : `not ${name}`));
  const settled = () => new Promise((resolve) => setImmediate(resolve));

  it('has what finds no room wait, and begin as soon as there is some', async () => {
    take('a', 1, 60);
    take('b', 2, 40);
    take('c', 3, 10);
    await settled();
    expect([begun, memory.held]).toEqual([['a', 'b'], 100]);
    memory.giveBack(2, 40);
    await settled();
    expect([begun, memory.held]).toEqual([['a', 'b', 'c'], 70]);
  });

  it('lets what is larger than all of it run alone', async () => {
    take('a', 1, 10);
    take('huge', 2, 500);
    take('c', 3, 10);
    await settled();
    expect(begun).toEqual(['a']);
    memory.giveBack(1, 10);
    await settled();
    expect(begun).toEqual(['a', 'huge']);
    memory.giveBack(2, 500);
    await settled();
    expect([begun, memory.held]).toEqual([['a', 'huge', 'c'], 10]);
  });

  it('keeps a quarter for lanes that hold nothing, and takes the lane next that holds least', async () => {
    for (const name of ['a1', 'a2', 'a3', 'a4']) take(name, 1, 30);
    take('b', 2, 30);
    await settled();
    expect(begun).toEqual(['a1', 'a2', 'b']);
    memory.giveBack(1, 30);
    take('c', 3, 30);
    await settled();
    expect(begun).toEqual(['a1', 'a2', 'b', 'c']);
  });

  it('lets go of who gives up, who then holds up nobody', async () => {
    const leaving = new AbortController();
    take('a', 1, 90);
    take('huge', 2, 500, leaving.signal);
    take('c', 3, 10);
    leaving.abort();
    take('late', 4, 1, leaving.signal);
    await settled();
    expect([...begun].sort()).toEqual(['a', 'c', 'not huge', 'not late']);
    expect(memory.held).toBe(100);
  });

  it('never holds more than its limit, but for one alone, and begins all in the end', async () => {
    const item = fc.record({ lane: fc.integer({ min: 1, max: 4 }), bytes: fc.integer({ min: 1, max: 150 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(item, { maxLength: 30 }), async (items) => {
        const tried = new ContentMemory(100);
        const running = new Set<{ lane: number; bytes: number }>();
        let ended = 0;
        for (const each of items)
          void tried.take(each.lane, each.bytes, never).then(() => void running.add(each));
        while (ended < items.length) {
          await settled();
          expect(tried.held <= 100 || running.size === 1).toBe(true);
          const [one] = running;
          if (!one) throw new Error('nothing runs although something waits');
          running.delete(one);
          ended += 1;
          tried.giveBack(one.lane, one.bytes);
        }
        expect(tried.held).toBe(0);
      }),
    );
  });
});
