import type { BackendStore } from '../backend/backend-store.js';
import { checkConnection } from '../database/check-connection.js';
import { coreMigrations } from '../database/core-migrations.js';
import { migrate } from '../database/migrate.js';
import { Provisioner } from '../provision/provision.js';
import type { Side, SideSchema } from '../side/side.js';
import { activateWaiting } from './activate-waiting.js';
import { applyOwnSecrets } from './apply-own-secrets.js';
import type { Foundation } from './foundation.js';
import { inTurn } from './in-turn.js';
import { keepTime } from './keep-time.js';

/** A side that can be mounted in an app. */
export interface MountableSide extends Side {
  readonly queue: { wake(lane: number): void };
  start(): Promise<void>;
  stop(deadlineMs: number): Promise<void>;
}

/** What an app has of a side that is mounted in it, beside the side itself. */
export interface Mounted {
  readonly backends: BackendStore;
  readonly provisioner: Provisioner;
  /**
   * Migrates the database, brings the endpoints of the seeds up to date, and starts. The process lives until it is
   * stopped. Whatever fails, nothing runs on. Asked again while it starts or runs, it is the same start.
   * @throws GLUE_DATABASE_UNSUITABLE, GLUE_DATABASE_UNAVAILABLE, GLUE_MIGRATION_FAILED, GLUE_PROVISION_CONFLICT,
   *   GLUE_ENDPOINT_…
   */
  start(): Promise<void>;
  /**
   * Takes nothing new and waits for what runs. The database stays open: it is yours.
   * @param deadlineMs - @defaultValue 10,000
   * @throws what a part threw; all the others are stopped nevertheless
   */
  stop(deadlineMs?: number): Promise<void>;
}

export interface MountOptions {
  readonly schema: SideSchema;
  /** False: nothing is claimed here, so neither lease nor worker is started. @defaultValue true */
  readonly works?: boolean;
}

const DEFAULT_STOP_DEADLINE_MS = 10_000;
/** The longest that a timer can be set to, in milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;

/** Joins a side with what it stands on: in which order they start and stop. Nothing runs yet. */
export function mountSide(
  foundation: Foundation,
  side: MountableSide,
  { schema, works = true }: MountOptions,
): Mounted {
  const { database, backends, registry, changeFeed, lease, retryClock, logger } = foundation;
  const provisioner = new Provisioner({ ...foundation, sides: [side] });
  retryClock.follow(side.name, side.queue);
  let letGo = (): Promise<void> | void => {};
  let started: Promise<void> | undefined;

  const prepare = async (): Promise<void> => {
    for (const advice of await checkConnection(database))
      logger.warn({ advice }, 'the knex connection is not as it should be');
    await migrate(database, [...coreMigrations, ...schema.migrations]);
    // Secrets that are added now count by the time that all hosts share.
    await lease.readTime();
    await registry.refresh();
    await provisioner.applyStandalone({ actor: 'app' });
    await applyOwnSecrets(side.endpoints, foundation);
    await activateWaiting(side.endpoints, foundation.catalog);
    for (const { code, state, problems } of await side.endpoints.list())
      if (state === 'draft') logger.warn({ endpoint: code, problems }, 'an endpoint is a draft');
  };
  const start = async (): Promise<void> => {
    await prepare();
    if (works) {
      // Our own timers keep no process alive, and a worker has nothing else.
      const alive = setInterval(() => {}, LONGEST_MS);
      letGo = () => clearInterval(alive);
      await lease.start();
    } else letGo = await keepTime(foundation);
    await changeFeed.start();
    if (works) await side.start();
  };
  const stop = async (deadlineMs = DEFAULT_STOP_DEADLINE_MS): Promise<void> => {
    started = undefined;
    await inTurn([
      () => letGo(),
      () => side.stop(deadlineMs),
      () => changeFeed.stop(),
      () => (works ? lease.stop() : undefined),
      () => retryClock.stop(),
    ]);
  };
  return {
    backends,
    provisioner,
    stop,
    start: () =>
      (started ??= start().catch(async (error: unknown) => {
        await stop(0).catch(() => {}); // the first error is the one that counts
        throw error;
      })),
  };
}
