import { announceChange, inTransaction, messageOf, type Clock, type Database, type Logger } from 'glue-core';

export interface WorkAnnouncerOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Between two announcements, in milliseconds: one stands for all that was queued since the last. */
const PAUSE_MS = 250;

/**
 * Tells the hosts that send of deliveries that were queued by a process that does not: they look within half a second.
 * Always after the commit and in a transaction of its own, so that those who queue never wait for each other. An
 * announcement that is lost delays: the others' sweep finds the deliveries within 15 seconds.
 */
export class WorkAnnouncer {
  #untold = false;
  #telling: Promise<void> | undefined;
  #cancelPause: (() => void) | undefined;

  constructor(private readonly options: WorkAnnouncerOptions) {}

  /** Something was queued, and is committed. */
  announce(): void {
    this.#untold = true;
    if (!this.#telling && !this.#cancelPause) this.#tell();
  }

  /** Resolves when everything is told; what waits for a pause to end is told at once. */
  async finish(): Promise<void> {
    this.#cancelPause?.();
    this.#cancelPause = undefined;
    if (this.#untold && !this.#telling) this.#tell();
    await this.#telling;
    if (this.#untold) await this.finish();
  }

  #tell(): void {
    const { database, clock, logger } = this.options;
    this.#untold = false;
    this.#telling = inTransaction(database, (trx) => announceChange(trx, 'work'))
      .catch((error: unknown) =>
        logger.warn(
          { reason: messageOf(error) },
          'other hosts could not be told of queued deliveries; their next sweep finds them',
        ),
      )
      .finally(() => {
        this.#telling = undefined;
        this.#cancelPause = clock.after(PAUSE_MS, () => {
          this.#cancelPause = undefined;
          if (this.#untold) this.#tell();
        });
      });
  }
}
