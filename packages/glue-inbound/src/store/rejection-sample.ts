import { FULL_BUCKET, takeToken, type FullAtMs, type Rate } from 'glue-core';

/** Rejections of one endpoint, or of all unknown paths together: the first hundred, then ten a minute. */
const PER_ENDPOINT: Rate = { perSecond: 1 / 6, burst: 100 };
/** Of all together. */
const PER_HOST: Rate = { perSecond: 10, burst: 1_000 };

/** Chooses which rejections are kept, so that a flood cannot fill the disk, and counts the others. */
export class RejectionSample {
  #hostFullAt: FullAtMs = FULL_BUCKET;
  readonly #fullAt = new Map<number, FullAtMs>();
  readonly #dropped = new Map<number, number>();

  /**
   * @param nowMs - by a clock that only goes forward
   * @returns how many of the endpoint were dropped since one was kept; undefined to drop this one too
   */
  take(endpointId: number, nowMs: number): number | undefined {
    const own = takeToken(PER_ENDPOINT, this.#fullAt.get(endpointId) ?? FULL_BUCKET, nowMs);
    const all = own.waitMs === 0 ? takeToken(PER_HOST, this.#hostFullAt, nowMs) : own;
    if (all.waitMs > 0) {
      this.drop(endpointId, 1);
      return undefined;
    }
    this.#fullAt.set(endpointId, own.fullAtMs);
    this.#hostFullAt = all.fullAtMs;
    const dropped = this.#dropped.get(endpointId) ?? 0;
    this.#dropped.delete(endpointId);
    return dropped;
  }

  /** Counts what was not kept. */
  drop(endpointId: number, count: number): void {
    this.#dropped.set(endpointId, (this.#dropped.get(endpointId) ?? 0) + count);
  }
}
