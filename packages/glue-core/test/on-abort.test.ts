import { describe, expect, it } from '@jest/globals';
import { onAbort } from '../src/work/on-abort.js';

describe('waiting for a signal', () => {
  it('calls everybody who waits, once, and nobody who has stopped', () => {
    const { signal, controller } = fresh();
    const called: string[] = [];
    onAbort(signal, () => called.push('one'));
    const stop = onAbort(signal, () => called.push('two'));
    onAbort(signal, () => called.push('three'));
    stop();
    controller.abort();
    controller.abort();
    expect(called).toEqual(['one', 'three']);
  });

  it('calls at once when the signal is aborted already', () => {
    const { signal, controller } = fresh();
    controller.abort();
    let called = 0;
    onAbort(signal, () => (called += 1))();
    expect(called).toBe(1);
  });

  it('keeps signals apart', () => {
    const [one, two] = [fresh(), fresh()];
    const called: string[] = [];
    onAbort(one.signal, () => called.push('one'));
    onAbort(two.signal, () => called.push('two'));
    two.controller.abort();
    expect(called).toEqual(['two']);
  });
});

function fresh() {
  const controller = new AbortController();
  return { controller, signal: controller.signal };
}
