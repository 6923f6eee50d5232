/**
 * The lanes that may have due work, picked in turn so that each gets its share. Pure bookkeeping: no SQL, no time.
 */
export class LaneRing {
  /** In order of their turn; the value counts pokes, to see one that came while the lane was being claimed. */
  readonly #ready = new Map<number, number>();
  readonly #inFlight = new Map<number, number>();

  /** @param limitOf - how many items of a lane may run at once here; 0 while it is held */
  constructor(private readonly limitOf: (lane: number) => number) {}

  /** The lane may have due work. */
  poke(lane: number): void {
    this.#ready.set(lane, (this.#ready.get(lane) ?? 0) + 1);
  }

  /** Free places of the lane. */
  room(lane: number): number {
    return Math.max(0, this.limitOf(lane) - (this.#inFlight.get(lane) ?? 0));
  }

  /** The next lane in turn that has room, with its poke count; undefined when there is none. */
  next(): { lane: number; pokes: number; share: number } | undefined {
    const open = [...this.#ready].filter(([lane]) => this.room(lane) > 0);
    const [first] = open;
    if (!first) return undefined;
    const [lane, pokes] = first;
    this.#ready.delete(lane);
    this.#ready.set(lane, pokes);
    return { lane, pokes, share: open.length };
  }

  /** Whether some lane may have due work and has room. */
  isReady(): boolean {
    for (const lane of this.#ready.keys()) if (this.room(lane) > 0) return true;
    return false;
  }

  /** The lane had nothing due at its last claim; unless it was poked meanwhile it leaves the ring. */
  drained(lane: number, pokes: number): void {
    if (this.#ready.get(lane) === pokes) this.#ready.delete(lane);
  }

  begin(lane: number): void {
    this.#inFlight.set(lane, (this.#inFlight.get(lane) ?? 0) + 1);
  }

  end(lane: number): void {
    const left = (this.#inFlight.get(lane) ?? 1) - 1;
    if (left === 0) this.#inFlight.delete(lane);
    else this.#inFlight.set(lane, left);
  }
}
