import { describe, expect, it } from '@jest/globals';
import { LaneRing, type LaneTurn } from '../src/work/lane-ring.js';

/** A ring whose lanes all have work. */
function ringOf(places: number, lanes: number, limitOf = (_lane: number) => 10): LaneRing {
  const ring = new LaneRing({ places, limitOf });
  for (let lane = 1; lane <= lanes; lane += 1) ring.poke(lane);
  return ring;
}

function begin(ring: LaneRing, { lane, limit }: LaneTurn): void {
  for (let item = 0; item < limit; item += 1) ring.begin(lane);
}

/** Begins whatever may begin, of lanes that never end. @returns how many of each lane */
function fill(ring: LaneRing): Map<number, number> {
  const begun = new Map<number, number>();
  for (let turn = ring.next(); turn; turn = ring.next()) {
    begin(ring, turn);
    begun.set(turn.lane, (begun.get(turn.lane) ?? 0) + turn.limit);
  }
  return begun;
}

const sum = (counts: Iterable<number>) => [...counts].reduce((total, count) => total + count, 0);

describe('the lanes that may have due work', () => {
  it('come in turn, and share what is free', () => {
    const ring = ringOf(16, 3);
    const turns = Array.from({ length: 4 }, () => ring.next());
    expect(turns.map((turn) => [turn?.lane, turn?.limit])).toEqual([
      [1, 4],
      [2, 4],
      [3, 4],
      [1, 4],
    ]);
  });

  it('are passed over while they have no room', () => {
    const ring = ringOf(16, 3, (lane) => (lane === 2 ? 1 : 0));
    expect(ring.next()).toMatchObject({ lane: 2, limit: 1 });
    ring.begin(2);
    expect(ring.next()).toBeUndefined();
    expect(ring.isReady()).toBe(false);
    ring.end(2);
    expect(ring.next()).toMatchObject({ lane: 2 });
  });

  it('are not all looked at where there are many', () => {
    let looks = 0;
    const ring = ringOf(1_024, 10_000, () => {
      looks += 1;
      return 1;
    });
    expect(ring.next()).toMatchObject({ lane: 1, limit: 1 });
    expect(looks).toBeLessThan(300);
  });

  it('leave the ring when they are drained, unless they were poked meanwhile', () => {
    const ring = ringOf(16, 2);
    const [one, two] = [ring.next(), ring.next()] as [LaneTurn, LaneTurn];
    ring.poke(2);
    ring.drained(one);
    ring.drained(two);
    expect([ring.next()?.lane, ring.next()?.lane]).toEqual([2, 2]);
  });

  it.each([
    { places: 256, limit: 256, most: 192 },
    { places: 342, limit: 256, most: 256 },
    { places: 256, limit: 10, most: 10 },
    { places: 4, limit: 10, most: 3 },
    { places: 3, limit: 10, most: 3 },
    { places: 1, limit: 10, most: 1 },
  ])('one alone with a limit of $limit has $most of $places places', ({ places, limit, most }) => {
    expect(fill(ringOf(places, 1, () => limit)).get(1)).toBe(most);
  });

  it.each([
    { hanging: 26, places: 256 },
    { hanging: 26, places: 512 },
    { hanging: 300, places: 512 },
    { hanging: 300, places: 1_024 },
  ])('$hanging that hang leave room for others in $places places', ({ hanging, places }) => {
    const ring = ringOf(places, hanging);
    expect(sum(fill(ring).values())).toBeLessThan(places);
    ring.poke(1_000);
    expect(ring.next()).toMatchObject({ lane: 1_000 });
  });

  it('find a place in 1,024 also where 300 begin to hang one after the other', () => {
    const ring = ringOf(1_024, 0);
    for (let lane = 1; lane <= 300; lane += 1) {
      ring.poke(lane);
      fill(ring);
    }
    ring.poke(1_000);
    expect(ring.next()).toMatchObject({ lane: 1_000, limit: 1 });
  });

  it('take no more than there are places, however many hang', () => {
    const ring = ringOf(64, 1_000);
    const begun = fill(ring);
    expect(sum(begun.values())).toBe(64);
    expect(ring.isReady()).toBe(false);
    ring.end([...begun.keys()][0] ?? 0);
    expect(ring.isReady()).toBe(true);
  });
});
