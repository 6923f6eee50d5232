import { describe, expect, it } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import { withinDeadline } from '../src/clock/within-deadline.js';

const never = () => new Promise<never>(() => {});

describe('foreign code within a deadline', () => {
  it('gives what it gives, or throws what it throws', async () => {
    const clock = new ManualClock();
    expect(await withinDeadline(clock, 10, undefined, async () => 'done')).toBe('done');
    const failing = withinDeadline(clock, 10, undefined, () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
  });

  it('is given up and told when its time is over', async () => {
    const clock = new ManualClock();
    let signal: AbortSignal | undefined;
    const late = withinDeadline(clock, 10, undefined, (own) => {
      signal = own;
      return never();
    });
    clock.advance(9);
    expect(signal?.aborted).toBe(false);
    clock.advance(1);
    await expect(late).rejects.toMatchObject({ code: 'GLUE_HANDLER_DEADLINE' });
    expect(signal?.aborted).toBe(true);
  });

  it('is told when the outer signal is aborted', async () => {
    const outer = new AbortController();
    const work = withinDeadline(new ManualClock(), 10, outer.signal, async (signal) => {
      outer.abort();
      return signal.aborted;
    });
    expect(await work).toBe(true);
  });
});
