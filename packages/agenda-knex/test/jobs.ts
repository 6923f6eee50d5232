import type { JobParameters } from 'agenda';
import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import type { KnexBackendOptions } from '../src/knex-backend.js';
import { KnexBackend } from '../src/knex-backend.js';
import type { TestDatabase } from './databases.js';

/** A moment for tests to happen at. */
export const NOON = Date.UTC(2026, 0, 5, 12);

/** A clock that stands still until it is set. */
export class StoppedClock {
  ms = NOON;
  readonly now = () => this.ms;

  /** A date so many milliseconds from now. */
  in(ms: number): Date {
    return new Date(this.ms + ms);
  }

  pass(ms: number): void {
    this.ms += ms;
  }
}

/** A job that is due, with what a test says about it. */
export function aJob<DATA = unknown>(
  job: Partial<JobParameters<DATA>> & { data?: DATA } = {},
): JobParameters<unknown> {
  return { name: 'mail', priority: 0, type: 'normal', nextRunAt: new Date(NOON - 1000), data: {}, ...job };
}

/** A connected backend, the same for a whole block of tests, empty and at noon at the start of each. */
export function emptyBackend(
  database: TestDatabase,
  options: Omit<Partial<KnexBackendOptions>, 'knex' | 'config'> = {},
) {
  const clock = new StoppedClock();
  let backend: KnexBackend | undefined;
  beforeAll(async () => {
    backend = new KnexBackend({ ...options, config: database.config(), now: clock.now });
    await backend.connect();
  });
  beforeEach(async () => {
    clock.ms = NOON;
    await backend?.repository.purgeAllJobs();
    await backend?.logger.clearLogs();
  });
  afterAll(() => backend?.disconnect());

  return {
    clock,
    backend(): KnexBackend {
      if (!backend) throw new Error('the backend is there once the tests run');
      return backend;
    },
    repository() {
      return this.backend().repository;
    },
    /** Claims a job of the name, due now, with a lock lifetime of ten minutes. */
    claim(name = 'mail', lockLifetimeMs = 600_000) {
      const lockDeadline = clock.in(-lockLifetimeMs);
      return this.repository().getNextJobToRun(name, clock.in(0), lockDeadline, undefined, {
        lastModifiedBy: 'me',
      });
    },
  };
}
