import { messageOf, type Logger } from 'glue-core';

/** Takes the steps of a stop, none longer than it may: whatever hangs, the rest is done, and what is left is told. */
export class StopSteps {
  readonly #left: string[] = [];

  constructor(private readonly logger: Logger | undefined) {}

  /** What failed, or was not done in time; empty where all was stopped in order. */
  get left(): readonly string[] {
    return this.#left;
  }

  /** Never rejects, and resolves in time. */
  async take(name: string, limitMs: number, stop: () => Promise<unknown> | undefined): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    // Keeps the process alive: a stop that ends is one that tells how.
    const limit = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`not done within ${limitMs} ms`)), limitMs);
    });
    try {
      await Promise.race([stop(), limit]);
    } catch (error) {
      this.#left.push(name);
      this.logger?.warn({ step: name, reason: messageOf(error) }, 'could not be stopped in order');
    } finally {
      clearTimeout(timer);
    }
  }
}
