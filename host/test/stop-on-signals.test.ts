import { EventEmitter } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import { stopOnSignals } from '../src/stop-on-signals.js';

class FakeProcess extends EventEmitter {
  readonly exits: number[] = [];
  exit(code: number): void {
    this.exits.push(code);
  }
}

function hostThatStops(left: readonly string[] = []): {
  stop: () => Promise<readonly string[]>;
  stops: () => number;
  finish: () => void;
} {
  const { promise, resolve } = Promise.withResolvers<readonly string[]>();
  let stops = 0;
  return {
    stop: () => {
      stops += 1;
      return promise;
    },
    stops: () => stops,
    finish: () => resolve(left),
  };
}

describe('signals', () => {
  it.each(['SIGTERM', 'SIGINT'])('%s stops the host in order and ends with 0', async (signal) => {
    const [source, host] = [new FakeProcess(), hostThatStops()];
    stopOnSignals(host, source);
    source.emit(signal);
    expect(host.stops()).toBe(1);
    expect(source.exits).toEqual([]);
    host.finish();
    await host.stop();
    expect(source.exits).toEqual([0]);
  });

  it('end with 1 where something could not be stopped', async () => {
    const [source, host] = [new FakeProcess(), hostThatStops(['database'])];
    stopOnSignals(host, source);
    source.emit('SIGTERM');
    host.finish();
    await host.stop();
    expect(source.exits).toEqual([1]);
  });

  it('end the process at once when a second one comes', () => {
    const [source, host] = [new FakeProcess(), hostThatStops()];
    stopOnSignals(host, source);
    source.emit('SIGINT');
    source.emit('SIGTERM');
    expect(host.stops()).toBe(1);
    expect(source.exits).toEqual([1]);
  });
});
