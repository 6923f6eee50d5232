import {
  deleteOldTraces,
  type Clock,
  type Database,
  type DeleteOld,
  type HostLease,
  type Logger,
} from 'glue-core';
import type { Inbound } from 'glue-inbound';
import type { Outbound } from 'glue-outbound';
import type { PeriodicJob } from '../clock/periodic-job.js';
import type { HostConfig } from '../config/config-schema.js';

const EVERY_MS = 600_000;

export interface RetentionOptions {
  readonly config: HostConfig['retention'];
  readonly database: Database;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Tells the shared time, by which things are dated. */
  readonly lease: Pick<HostLease, 'now'>;
  readonly inbound: Pick<Inbound, 'deleteOld'> | undefined;
  readonly outbound: Pick<Outbound, 'deleteOld'> | undefined;
}

/** Deletes, kind by kind, what is older than the config keeps it. */
export function retentionJob({
  config,
  database,
  clock,
  logger,
  lease,
  inbound,
  outbound,
}: RetentionOptions): PeriodicJob {
  const kinds: Readonly<Record<keyof HostConfig['retention'], DeleteOld | undefined>> = {
    events: inbound?.deleteOld.events,
    rejections: inbound?.deleteOld.rejections,
    deliveries: outbound?.deleteOld.deliveries,
    audit: (beforeMs, deleting) => deleteOldTraces(database, beforeMs, deleting),
  };
  return {
    name: 'glue-retention',
    everyMs: EVERY_MS,
    run: async (signal) => {
      const deleted: Record<string, number> = {};
      for (const [kind, deleteOld] of Object.entries(kinds)) {
        const keepSeconds = config[kind as keyof typeof kinds];
        if (!deleteOld || keepSeconds === undefined) continue;
        const count = await deleteOld(lease.now() - keepSeconds * 1000, { clock, signal });
        if (count > 0) deleted[kind] = count;
      }
      if (Object.keys(deleted).length > 0) logger.info({ deleted }, 'what was old was deleted');
    },
  };
}
