import { GlueError } from 'glue-core';

/** What one request may hold. */
export interface BodyShare {
  /** @returns false when there is no room for so many bytes more */
  take(bytes: number): boolean;
  /** Gives back all that was taken. */
  giveBack(): void;
}

/**
 * The memory for the bodies of requests that are not answered yet, on this host. An endpoint may hold as much as it
 * leaves free for the others (Choudhury and Hahne, "Dynamic queue length thresholds"), so a flood of one path, however
 * slow, never takes the last room from the rest.
 */
export class BodyMemory {
  readonly #heldBy = new Map<number, number>();
  #held = 0;

  /** @param maxBytes - for all bodies together */
  constructor(private readonly maxBytes: number) {}

  /** Bytes held now. */
  get held(): number {
    return this.#held;
  }

  share(endpointId: number): BodyShare {
    let taken = 0;
    return {
      take: (bytes) => {
        const ofEndpoint = (this.#heldBy.get(endpointId) ?? 0) + bytes;
        if (ofEndpoint > this.maxBytes - this.#held - bytes) return false;
        this.#heldBy.set(endpointId, ofEndpoint);
        this.#held += bytes;
        taken += bytes;
        return true;
      },
      giveBack: () => {
        this.#held -= taken;
        const ofEndpoint = (this.#heldBy.get(endpointId) ?? 0) - taken;
        if (ofEndpoint > 0) this.#heldBy.set(endpointId, ofEndpoint);
        else this.#heldBy.delete(endpointId);
        taken = 0;
      },
    };
  }
}

/** For a request that found no room: through no fault of its caller. */
export const noRoom = (): GlueError =>
  new GlueError(
    'GLUE_OVERLOADED',
    'there is no room for the bodies of more requests (inbound.maxBufferedBytes)',
  );
