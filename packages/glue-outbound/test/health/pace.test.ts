import { describe, expect, it } from '@jest/globals';
import { quickenedPace, slowedPace, type Pace } from '../../src/health/pace.js';

const CONCURRENCY = 10;

function slowed(pace: Pace | undefined, nowMs: number, retryAfterMs = 0, beganAtMs = nowMs): Pace {
  return slowedPace(pace, { beganAtMs, retryAfterMs }, CONCURRENCY, nowMs);
}

describe('the pace of an endpoint whose receiver asks for less', () => {
  it('is halved, down to one at a time, with pauses that double up to a minute', () => {
    const seen: [number, number][] = [];
    let pace: Pace | undefined;
    for (let nowMs = 0, turn = 0; turn < 8; turn += 1, nowMs = pace.pausedUntilMs) {
      pace = slowed(pace, nowMs);
      seen.push([pace.places, pace.pausedUntilMs - nowMs]);
    }
    expect(seen).toEqual([
      [5, 1_000],
      [2, 2_000],
      [1, 4_000],
      [1, 8_000],
      [1, 16_000],
      [1, 32_000],
      [1, 60_000],
      [1, 60_000],
    ]);
  });

  it('pauses as long as the receiver asks, and never shorter than without', () => {
    expect(slowed(undefined, 0, 900_000).pausedUntilMs).toBe(900_000);
    expect(slowed(undefined, 0, 10).pausedUntilMs).toBe(1_000);
  });

  it('halves once for attempts that were under way together, and keeps to the longest pause asked for', () => {
    const first = slowed(undefined, 5_000);
    const second = slowed(first, 5_100, 30_000, 4_900);
    expect(second).toEqual({ ...first, pausedUntilMs: 35_100 });
    expect(slowed(second, 5_200, 0, 4_950)).toEqual(second);
  });

  it('gains a place for each round of accepted requests, and ends where the concurrency of the endpoint is reached', () => {
    let pace: Pace | undefined = slowed(undefined, 0);
    const rounds: number[] = [];
    while (pace) {
      const places: number = Math.floor(pace.places);
      rounds.push(places);
      for (let accepted = 0; accepted < places; accepted += 1) pace = quickenedPace(pace, CONCURRENCY);
    }
    expect(rounds).toEqual([5, 6, 7, 8, 9]);
  });

  it('starts with a short pause again when something was accepted between', () => {
    const twice = slowed(slowed(undefined, 0), 1_000);
    const again = slowed(quickenedPace(twice, CONCURRENCY), 10_000);
    expect(again.pausedUntilMs).toBe(11_000);
  });
});
