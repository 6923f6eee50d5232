import { databaseNow, isFileGone } from 'glue-core';
import type { Installation } from '../installation.js';
import { OK, type ReadinessCheck } from './health-app.js';

/** How long the database may take to answer, in milliseconds. */
const DATABASE_TIMEOUT_MS = 2_000;

/** What must work for a load balancer to send traffic here. */
export function readinessChecks(
  { database, clock, retryClock, lease }: Installation,
  isStopping: () => boolean,
): Record<string, ReadinessCheck> {
  return {
    host: () => (isStopping() ? 'stopping' : OK),
    database: () =>
      new Promise((resolve) => {
        const cancelTimer = clock.after(DATABASE_TIMEOUT_MS, () => resolve('no answer'));
        databaseNow(database)
          .then(
            () => resolve(OK),
            (error: unknown) =>
              resolve(isFileGone(error) ? 'its file was removed or replaced' : 'unavailable'),
          )
          .finally(cancelTimer);
      }),
    clock: () => (retryClock.isHealthy() ? OK : 'unavailable'),
    lease: () => (lease.isHeld() ? OK : 'not held'),
  };
}
