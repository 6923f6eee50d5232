import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BodyMemory } from '../src/receive/body-memory.js';

describe('the memory for bodies', () => {
  it('gives one endpoint half of it, and the next half of the rest', () => {
    const memory = new BodyMemory(1_000);
    const [one, two] = [memory.share(1), memory.share(2)];
    expect([one.take(500), one.take(1), two.take(250), two.take(1)]).toEqual([true, false, true, false]);
    one.giveBack();
    expect([memory.held, two.take(250), two.take(1)]).toEqual([250, true, false]);
  });

  it('counts the requests of an endpoint together', () => {
    const memory = new BodyMemory(1_000);
    const [first, second] = [memory.share(1), memory.share(1)];
    expect([first.take(400), second.take(101), second.take(100)]).toEqual([true, false, true]);
  });

  it('never holds more than there is, leaves room for every endpoint that holds nothing, and is empty in the end', () => {
    const step = fc.record({
      request: fc.nat({ max: 9 }),
      bytes: fc.integer({ min: 1, max: 700 }),
      leaves: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const memory = new BodyMemory(1_000);
        const shares = Array.from({ length: 10 }, (_, request) => memory.share(request % 3));
        for (const { request, bytes, leaves } of steps) {
          if (leaves) shares[request]?.giveBack();
          else shares[request]?.take(bytes);
          expect(memory.held).toBeLessThan(1_000);
          expect(memory.share(99).take(1)).toBe(memory.held <= 998);
        }
        for (const share of shares) share.giveBack();
        for (const share of shares) share.giveBack();
      }),
    );
  });
});
