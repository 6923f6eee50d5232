export interface LaneRingOptions {
  /** Items that may run at once on this host, all lanes together. */
  readonly places: number;
  /** How many items of a lane may run at once here, where so many run now; 0 while it is held. */
  readonly limitOf: (lane: number, running: number) => number;
}

/** A lane whose turn it is, and how much of it may be begun. */
export interface LaneTurn {
  readonly lane: number;
  readonly limit: number;
  /** For {@link LaneRing.drained}. */
  readonly pokes: number;
}

/** Of all places; for lanes of which nothing runs. */
const KEPT_SHARE = 1 / 4;
/** More lanes than this need not be told apart to share what is free. */
const LANES_LOOKED_AT = 256;

/**
 * The lanes that may have due work, picked in turn so that each gets its share of the places. Those of which something
 * runs already may not take the last quarter: however many receivers hang, what goes elsewhere finds a place.
 * Pure bookkeeping: no SQL, no time.
 */
export class LaneRing {
  /** In order of their turn; the value counts pokes, to see one that came while the lane was being claimed. */
  readonly #ready = new Map<number, number>();
  readonly #inFlight = new Map<number, number>();
  readonly #shared: number;
  #running = 0;

  constructor(private readonly options: LaneRingOptions) {
    this.#shared = options.places - Math.floor(options.places * KEPT_SHARE);
  }

  /** The lane may have due work. */
  poke(lane: number): void {
    this.#ready.set(lane, (this.#ready.get(lane) ?? 0) + 1);
  }

  /** How many items of the lane may be begun. */
  room(lane: number): number {
    if (this.#isFull()) return 0;
    const inFlight = this.#inFlight.get(lane) ?? 0;
    const free = Math.max(inFlight === 0 ? 1 : 0, this.#shared - this.#running);
    return free === 0 ? 0 : Math.max(0, Math.min(free, this.options.limitOf(lane, inFlight) - inFlight));
  }

  /** The next lane in turn that has room, with its share of it; undefined when there is none. */
  next(): LaneTurn | undefined {
    if (this.#isFull()) return undefined;
    let first: { lane: number; pokes: number; room: number } | undefined;
    let lanes = 0;
    for (const [lane, pokes] of this.#ready) {
      const room = this.room(lane);
      if (room === 0) continue;
      first ??= { lane, pokes, room };
      lanes += 1;
      if (lanes >= LANES_LOOKED_AT) break;
    }
    if (!first) return undefined;
    const { lane, pokes, room } = first;
    this.#ready.delete(lane);
    this.#ready.set(lane, pokes);
    const share = Math.max(1, Math.ceil((this.#shared - this.#running) / lanes));
    return { lane, pokes, limit: Math.min(room, share) };
  }

  /** Whether some lane may have due work and has room. */
  isReady(): boolean {
    if (this.#isFull()) return false;
    for (const lane of this.#ready.keys()) if (this.room(lane) > 0) return true;
    return false;
  }

  /** The lane had nothing due at its last claim; unless it was poked meanwhile it leaves the ring. */
  drained({ lane, pokes }: Pick<LaneTurn, 'lane' | 'pokes'>): void {
    if (this.#ready.get(lane) === pokes) this.#ready.delete(lane);
  }

  begin(lane: number): void {
    this.#running += 1;
    this.#inFlight.set(lane, (this.#inFlight.get(lane) ?? 0) + 1);
  }

  end(lane: number): void {
    this.#running -= 1;
    const left = (this.#inFlight.get(lane) ?? 1) - 1;
    if (left === 0) this.#inFlight.delete(lane);
    else this.#inFlight.set(lane, left);
  }

  #isFull(): boolean {
    return this.#running >= this.options.places;
  }
}
