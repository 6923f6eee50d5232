import { messageOf, type Logger } from 'glue-core';

/**
 * Something that is done again and again, by one host at a time as a rule. A run that lasts longer than the interval
 * can meet the next one on another host, so it must bear that.
 */
export interface PeriodicJob {
  /** Unique; its job in Agenda's store bears it. */
  readonly name: string;
  readonly everyMs: number;
  /** @param signal - aborted when the host stops */
  run(signal: AbortSignal): Promise<void>;
}

/** The runs of periodic jobs on this host. */
export class PeriodicRuns {
  readonly #running = new Map<string, Promise<void>>();
  readonly #stopped = new AbortController();

  constructor(private readonly logger: Logger) {}

  /** Starts a run; should the last one of the same job still go on, this one is left out. */
  begin(job: PeriodicJob): void {
    const { name } = job;
    if (this.#running.has(name)) return;
    const running = job
      .run(this.#stopped.signal)
      .catch((error: unknown) =>
        this.logger.warn(
          { job: name, reason: messageOf(error) },
          'a periodic job failed; the next run follows',
        ),
      )
      .finally(() => this.#running.delete(name));
    this.#running.set(name, running);
  }

  /** Asks what runs to end. Resolves when it has. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('the host stops'));
    await Promise.all(this.#running.values());
  }
}
