import { done, openDatabase, silentLogger, systemClock } from 'glue-core';
import { AgendaClock } from 'glue-host';
import { asChild } from '../support/as-child.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import { inboundSide } from '../support/inbound-side.ts';
import { makeTables, storeEvents } from '../support/stored-events.ts';

/** Retries that fall due all at once, of which the clock wakes Glue by its one job per endpoint. */
export interface DrainInput {
  readonly place: DatabasePlace;
  readonly retries: number;
}

/** From when they were due until the last was done. */
export interface DrainAnswer {
  readonly perSecond: number;
}

/** Time to start everything before they fall due, in milliseconds. */
const LEAD_MS = 3_000;

await asChild<DrainInput>(async ({ place, retries }) => {
  const database = openDatabase(place.config);
  await makeTables(database, 256);
  await storeEvents(database, retries, { state: 'retrying', phase: 1, attempts: 1, failures: 1 });
  const dueAt = Date.now() + LEAD_MS;
  await database('glue_events').update({ due_at: dueAt });

  let handled = 0;
  const all = Promise.withResolvers<void>();
  const handler = {
    handleInboundEvent: async () => {
      handled += 1;
      if (handled === retries) all.resolve();
      return done();
    },
  };
  const common = { database, clock: systemClock, logger: silentLogger, hostName: 'bench' };
  let retryClock: AgendaClock | undefined;
  const { inbound, lease } = inboundSide(database, handler, (held) => {
    const config = { clock: { store: 'database' }, database: place.config } as const;
    retryClock = new AgendaClock({ ...common, lease: held, config });
    return retryClock;
  });
  retryClock?.follow('inbound', inbound.queue);
  await lease.start();
  await retryClock?.start();
  await inbound.start();
  if (Date.now() >= dueAt || handled > 0) throw new Error('the start took too long');
  await all.promise;
  await inbound.queue.idle();
  const seconds = (Date.now() - dueAt) / 1000;
  await inbound.stop(1_000);
  await lease.stop();
  await retryClock?.stop();
  await database.destroy();
  return { answer: { perSecond: retries / seconds } satisfies DrainAnswer };
});
