import { messageOf } from '../errors/glue-error.js';
import type { Foundation } from './foundation.js';

/** How often the database is asked, in milliseconds. */
const EVERY_MS = 10_000;

/**
 * Keeps the shared time where no lease is held, with whose renewals it would come: asks the database for it now, and
 * again every ten seconds.
 * @returns ends it
 */
export async function keepTime({
  lease,
  clock,
  logger,
}: Pick<Foundation, 'lease' | 'clock' | 'logger'>): Promise<() => Promise<void>> {
  let hasEnded = false;
  let cancelTimer = () => {};
  let reading: Promise<unknown> = Promise.resolve();
  const readLater = (): void => {
    if (hasEnded) return;
    cancelTimer = clock.after(EVERY_MS, () => {
      reading = lease
        .readTime()
        .catch((error: unknown) =>
          logger.warn({ reason: messageOf(error) }, 'the time of the database could not be read'),
        )
        .finally(readLater);
    });
  };

  await lease.readTime();
  readLater();
  return async () => {
    hasEnded = true;
    cancelTimer();
    await reading;
  };
}
