import { Agenda } from 'agenda';
import {
  messageOf,
  TimerClock,
  type Clock,
  type Database,
  type HostLease,
  type InjectionToken,
  type Logger,
  type RetryClock,
} from 'glue-core';
import { z } from 'zod';
import { openAgendaStore, type AgendaConfig, type AgendaStore } from './agenda-store.js';
import { PeriodicRuns, type PeriodicJob } from './periodic-job.js';

export const AGENDA_CLOCK: InjectionToken<AgendaClock> = Symbol('glue:agenda-clock');

/**
 * How often Agenda looks for jobs. What falls due before its next look it takes at once and sets a timer for, so
 * only a wake-up asked for less than this before it is due can come late, and by no more than this.
 */
const LOOK_MS = 500;
/** Wake-ups that may run at once; Agenda also locks no more than that. */
const CONCURRENCY = 256;
/**
 * After this a job of a host that died is another's. A job takes milliseconds; a longer lock would only keep its data
 * alive (and the process after a stop), since Agenda looks after half of it whether the job has ended.
 */
const LOCK_MS = 5_000;
const SWEEP_MS = 30_000;
/** How often it is seen to that the periodic jobs exist. */
const CARE_MS = 30_000;
/** How long jobs that run may take to end when the host stops. */
const STOP_MS = 2_000;
/** How long after the last failure the store counts as well again. */
const RECOVERY_MS = 5_000;
/** The database's time is known to the millisecond: a wake-up on the dot could find the item not due yet. */
const GRACE_MS = 2;

/** A work queue, as the clock sees it. */
export interface WokenQueue {
  wake(lane: number): void;
  sweep(): Promise<void>;
}

export interface AgendaClockOptions {
  readonly config: AgendaConfig;
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the shared time, in which due times are given. */
  readonly lease: Pick<HostLease, 'now'>;
  /** Name of this host, noted at the jobs it changes. */
  readonly hostName: string;
  readonly openStore?: typeof openAgendaStore;
}

/** What a wake-up's job holds. */
const wakeSchema = z.object({ lane: z.number() });

/**
 * The retry clock, by Agenda: one job per lane with work due in future, holding the lane's number, and the periodic
 * jobs, among them one sweep per queue. The rows decide what is due, so a wake-up lost or doubled is harmless; and what
 * Agenda's store refuses is logged, shown in readiness, and woken by a timer here; or found by the sweep, on other hosts.
 */
export class AgendaClock implements RetryClock {
  readonly #options: Required<AgendaClockOptions>;
  readonly #queues = new Map<string, WokenQueue>();
  readonly #periodic: PeriodicJob[] = [];
  /** The earliest wake-up that is asked for, per queue and lane; so not every settlement writes. */
  readonly #asked = new Map<string, number>();
  readonly #saving = new Map<string, Promise<void>>();
  readonly #runs: PeriodicRuns;
  /** Wakes what the store refused. */
  readonly #timers: TimerClock;
  /** Jobs that run here, by id. */
  readonly #running = new Map<string, PromiseWithResolvers<void>>();
  #store: AgendaStore | undefined;
  #agenda: Agenda | undefined;
  #troubledAt = -Infinity;
  #cancelTimer: (() => void) | undefined;

  constructor(options: AgendaClockOptions) {
    this.#options = { openStore: openAgendaStore, ...options };
    this.#runs = new PeriodicRuns(options.logger);
    this.#timers = new TimerClock(options.clock, () => options.lease.now());
  }

  /** Adds a queue to wake and sweep. Before the start. */
  follow(queue: string, woken: WokenQueue): void {
    this.#queues.set(queue, woken);
    this.#timers.follow(queue, woken);
    this.repeat({ name: `glue-sweep-${queue}`, everyMs: SWEEP_MS, run: () => this.#sweep(queue, woken) });
  }

  /** Adds a periodic job. Before the start. */
  repeat(job: PeriodicJob): void {
    this.#periodic.push(job);
  }

  /** @throws GLUE_CLOCK_UNAVAILABLE when the store cannot be reached */
  async start(): Promise<void> {
    const { openStore, config, database, hostName } = this.#options;
    this.#store = await openStore(config, database);
    const agenda = new Agenda({
      backend: this.#store.backend,
      name: hostName,
      processEvery: LOOK_MS,
      maxConcurrency: 2 * CONCURRENCY,
    });
    this.#agenda = agenda;
    agenda.on('error', (error) => this.#troubled(error));
    agenda.on('start', ({ attrs }) => void this.#running.set(attrs._id, Promise.withResolvers()));
    agenda.on('complete', ({ attrs }) => {
      this.#running.get(attrs._id)?.resolve();
      this.#running.delete(attrs._id);
    });
    for (const [queue, woken] of this.#queues) this.#defineWake(agenda, queue, woken);
    for (const job of this.#periodic) this.#defineSignal(agenda, job.name, () => this.#runs.begin(job));
    await this.#ensurePeriodic(agenda);
    await agenda.start();
    this.#scheduleCare();
  }

  /** Takes no more jobs, gives back those not begun, waits a moment for those that run, and leaves the store. */
  async stop(): Promise<void> {
    this.#cancelTimer?.();
    this.#timers.stop();
    const agenda = this.#agenda;
    this.#agenda = undefined;
    await agenda?.stop(false).catch((error: unknown) => this.#troubled(error));
    // Agenda's own stop does not wait; a job that is cut off would stay locked until its lock expires.
    const ending = [...this.#running.values()].map(({ promise }) => promise);
    await this.#within(STOP_MS, Promise.allSettled([...ending, this.#runs.stop(), ...this.#saving.values()]));
    await this.#store?.close();
    this.#store = undefined;
  }

  /** Whether the store answers; false also before the start. */
  isHealthy(): boolean {
    return this.#agenda !== undefined && this.#options.clock.monotonic() - this.#troubledAt > RECOVERY_MS;
  }

  wakeAt(queue: string, lane: number, atMs: number): void {
    const key = keyOf(queue, lane);
    const asked = this.#asked.get(key);
    if (asked !== undefined && asked <= atMs && asked > this.#options.lease.now()) return;
    this.#asked.set(key, atMs);
    // One save per lane at a time: a later one must not be overtaken by an earlier.
    if (!this.#saving.has(key)) this.#saving.set(key, this.#save(queue, lane, key));
  }

  #defineWake(agenda: Agenda, queue: string, woken: WokenQueue): void {
    this.#defineSignal(agenda, wakeName(queue), (data) => {
      const { data: wake } = wakeSchema.safeParse(data);
      if (!wake) return;
      this.#asked.delete(keyOf(queue, wake.lane));
      woken.wake(wake.lane);
    });
  }

  /**
   * A job that does nothing but come due. What it is for begins when it is over and saved, not while it runs: what
   * that asks for next would be overwritten, and long work would need a long lock. For the same reason the job stays
   * (`removeOnComplete` would remove the new request with it): one row per lane.
   */
  #defineSignal(agenda: Agenda, name: string, arrived: (data: unknown) => void): void {
    agenda.define(name, async () => {}, {
      concurrency: CONCURRENCY,
      lockLimit: CONCURRENCY,
      lockLifetime: LOCK_MS,
    });
    agenda.on(`complete:${name}`, ({ attrs }) => arrived(attrs.data));
  }

  async #sweep(queue: string, woken: WokenQueue): Promise<void> {
    // What is remembered may be lost in the store: the sweep asks anew for every lane.
    for (const key of this.#asked.keys()) if (key.startsWith(`${queue},`)) this.#asked.delete(key);
    await woken.sweep();
  }

  async #save(queue: string, lane: number, key: string): Promise<void> {
    try {
      let saved: number | undefined;
      while (this.#agenda && saved !== this.#asked.get(key)) {
        saved = this.#asked.get(key);
        if (saved !== undefined) await this.#saveJob(this.#agenda, queue, lane, saved);
      }
    } catch (error) {
      const atMs = this.#asked.get(key);
      this.#asked.delete(key);
      if (atMs !== undefined && this.#agenda) this.#timers.wakeAt(queue, lane, atMs + GRACE_MS);
      this.#troubled(error);
    } finally {
      this.#saving.delete(key);
    }
  }

  async #saveJob(agenda: Agenda, queue: string, lane: number, atMs: number): Promise<void> {
    const { clock, lease } = this.#options;
    const localTime = clock.now() + (atMs - lease.now()) + GRACE_MS;
    await agenda
      .create(wakeName(queue), { lane })
      .unique({ 'data.lane': lane })
      .schedule(new Date(localTime))
      .save();
  }

  /** Makes the periodic jobs where they are missing; those that exist keep their next run. */
  async #ensurePeriodic(agenda: Agenda): Promise<void> {
    for (const { name, everyMs } of this.#periodic) {
      const { total } = await agenda.queryJobs({ name, limit: 1 });
      if (total === 0) await agenda.every(everyMs, name);
    }
  }

  /** Sees to it that the periodic jobs exist, should somebody have emptied the store. */
  #scheduleCare(): void {
    this.#cancelTimer = this.#options.clock.after(CARE_MS, () => {
      if (!this.#agenda) return;
      void this.#ensurePeriodic(this.#agenda)
        .catch((error: unknown) => this.#troubled(error))
        .finally(() => this.#scheduleCare());
    });
  }

  async #within(timeMs: number, work: Promise<unknown>): Promise<void> {
    let cancelTimer = () => {};
    await Promise.race([
      work,
      new Promise<void>((resolve) => {
        cancelTimer = this.#options.clock.after(timeMs, resolve);
      }),
    ]);
    cancelTimer();
  }

  #troubled(error: unknown): void {
    const { clock, logger } = this.#options;
    if (this.isHealthy())
      logger.warn(
        { reason: messageOf(error) },
        "Agenda's store fails; retries go by timers of this host, and others' by the sweep",
      );
    this.#troubledAt = clock.monotonic();
  }
}

/** A queue has job names of its own: a host that lacks a side must not take its wake-ups. */
const wakeName = (queue: string) => `glue-wake-${queue}`;
const keyOf = (queue: string, lane: number) => `${queue},${lane}`;
