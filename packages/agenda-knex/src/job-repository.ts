import type {
  JobParameters,
  JobRepository,
  JobRepositoryOptions,
  JobsOverview,
  JobsQueryOptions,
  JobsResult,
  RemoveJobsOptions,
} from 'agenda';
import { purgeAllJobs, removeJobs, setDisabled } from './change-jobs.js';
import type { ClaimGate } from './claim-gate.js';
import { claimNextJob } from './claim-job.js';
import type { Database } from './database.js';
import { rowIds, type MakeRowId } from './row-id.js';
import { lockJob, unlockJob, unlockJobs } from './job-locks.js';
import { getDistinctJobNames, getJobsOverview, getQueueSize } from './job-overview.js';
import { getJobById, queryJobs } from './query-jobs.js';
import { runAgain } from './run-again.js';
import { saveJob } from './save-job.js';
import { saveJobState } from './save-state.js';

/** Agenda's job storage on a knex database. Every operation is run again where the database asks for it. */
export class KnexJobRepository implements JobRepository {
  readonly #database: Database;
  readonly #gate: ClaimGate;
  readonly #makeId: MakeRowId;

  /** Connects as the backend does. */
  readonly connect: () => Promise<void>;

  constructor(database: Database, gate: ClaimGate, connect: () => Promise<void>) {
    this.#database = database;
    this.#gate = gate;
    this.#makeId = rowIds(database.now);
    this.connect = connect;
  }

  saveJob<DATA = unknown>(
    job: JobParameters<DATA>,
    options?: JobRepositoryOptions,
  ): Promise<JobParameters<DATA>> {
    return runAgain(() => saveJob(this.#database, this.#makeId, job, options));
  }

  saveJobState(job: JobParameters, options?: JobRepositoryOptions): Promise<void> {
    return runAgain(() => saveJobState(this.#database, job, options));
  }

  getNextJobToRun(
    jobName: string,
    nextScanAt: Date,
    lockDeadline: Date,
    now?: Date,
    options?: JobRepositoryOptions,
  ): Promise<JobParameters | undefined> {
    const claim = {
      name: jobName,
      dueBy: nextScanAt.getTime(),
      lockedBy: lockDeadline.getTime(),
      now: now?.getTime() ?? this.#database.now(),
      claimant: options?.lastModifiedBy,
    };
    return this.#gate.pass(
      () => runAgain((tried) => claimNextJob(this.#database, claim, tried)),
      (job) => this.unlockJob(job),
    );
  }

  lockJob(job: JobParameters, options?: JobRepositoryOptions): Promise<JobParameters | undefined> {
    return runAgain(() => lockJob(this.#database, job, options));
  }

  /**
   * Gives back an unused lock. Never rejects: Agenda does not wait for it, so a rejection would end the process,
   * while a lock that stays expires by itself. What went wrong is a process warning.
   */
  async unlockJob(job: JobParameters): Promise<void> {
    try {
      await runAgain(() => unlockJob(this.#database, job));
    } catch (error) {
      process.emitWarning(
        `job "${job.name}" (${job._id}) stays locked until its lock expires: ${String(error)}`,
        {
          code: 'AGENDA_KNEX_NOT_UNLOCKED',
        },
      );
    }
  }

  unlockJobs(jobIds: readonly string[]): Promise<void> {
    return runAgain(() => unlockJobs(this.#database, jobIds));
  }

  queryJobs(options?: JobsQueryOptions): Promise<JobsResult> {
    return runAgain(() => queryJobs(this.#database, options));
  }

  getJobById(id: string): Promise<JobParameters | null> {
    return runAgain(() => getJobById(this.#database, id));
  }

  getJobsOverview(): Promise<JobsOverview[]> {
    return runAgain(() => getJobsOverview(this.#database));
  }

  getDistinctJobNames(): Promise<string[]> {
    return runAgain(() => getDistinctJobNames(this.#database));
  }

  getQueueSize(): Promise<number> {
    return runAgain(() => getQueueSize(this.#database));
  }

  removeJobs(options: RemoveJobsOptions): Promise<number> {
    return runAgain(() => removeJobs(this.#database, options));
  }

  disableJobs(options: RemoveJobsOptions): Promise<number> {
    return runAgain(() => setDisabled(this.#database, options, 1));
  }

  enableJobs(options: RemoveJobsOptions): Promise<number> {
    return runAgain(() => setDisabled(this.#database, options, 0));
  }

  purgeAllJobs(): Promise<number> {
    return runAgain(() => purgeAllJobs(this.#database));
  }
}
