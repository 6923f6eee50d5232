import { describe, expect, it } from '@jest/globals';
import { silentLogger } from 'glue-core';
import { PeriodicRuns } from '../src/clock/periodic-job.js';

describe('the runs of periodic jobs', () => {
  it('leave one out while the last of the same job goes on, and hold up no other job', async () => {
    const runs = new PeriodicRuns(silentLogger);
    const begun: string[] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    const job = (name: string) => ({ name, everyMs: 1, run: () => (begun.push(name), promise) });
    runs.begin(job('a'));
    runs.begin(job('a'));
    runs.begin(job('b'));
    expect(begun).toEqual(['a', 'b']);
    resolve();
    await new Promise(setImmediate);
    runs.begin(job('a'));
    expect(begun).toEqual(['a', 'b', 'a']);
    await runs.stop();
  });
});
