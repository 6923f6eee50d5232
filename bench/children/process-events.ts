import { done, openDatabase, type Database } from 'glue-core';
import { asChild, cpuMs } from '../support/as-child.ts';
import { listenToClaims } from '../support/claim-times.ts';
import { startProfile, type ProfileSummary } from '../support/cpu-profile.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { inboundSide } from '../support/inbound-side.ts';
import { makeTables, storeEvents } from '../support/stored-events.ts';

/** Glue takes stored events to done with a handler that does nothing; attempt log included. */
export interface ProcessInput {
  readonly place: DatabasePlace;
  readonly events: number;
  /** Events that the endpoint has processed at once. */
  readonly concurrency: number;
  readonly profiled?: boolean;
  /** The place has its tables, and events that are done. */
  readonly isPrepared?: boolean;
}

export interface ProcessAnswer {
  readonly perSecond: number;
  /** Of this process, per event, in microseconds. */
  readonly cpuMicros: number;
  /** Of each statement that claimed, in milliseconds. */
  readonly claimTimes: readonly number[];
  readonly summary?: ProfileSummary;
}

await asChild<ProcessInput>(async ({ place, events, concurrency, profiled = false, isPrepared = false }) => {
  const database = openDatabase(place.config);
  if (!isPrepared) await makeTables(database, concurrency);
  await storeEvents(database, events);
  const before = await countDone(database);
  const claimTimes = listenToClaims(database);
  const { inbound, lease } = inboundSide(database, { handleInboundEvent: async () => done() }, () => ({
    wakeAt: () => {},
  }));
  await lease.start();
  const stopProfile = profiled ? await startProfile() : undefined;
  const [startedAt, cpuBefore] = [performance.now(), cpuMs()];
  await inbound.start();
  await inbound.queue.idle();
  const seconds = (performance.now() - startedAt) / 1000;
  const cpuMicros = (1_000 * (cpuMs() - cpuBefore)) / events;
  const summary = await stopProfile?.();
  const finished = (await countDone(database)) - before;
  if (finished !== events) throw new Error(`${finished} of ${events} events are done`);
  await inbound.stop(1_000);
  await lease.stop();
  await database.destroy();
  return {
    answer: {
      perSecond: events / seconds,
      cpuMicros,
      claimTimes,
      ...(summary && { summary }),
    } satisfies ProcessAnswer,
  };
});

async function countDone(database: Database): Promise<number> {
  const [row] = await database('glue_events')
    .where({ state: 'done' })
    .count<{ amount: number }[]>({ amount: '*' });
  return Number(row?.amount);
}
