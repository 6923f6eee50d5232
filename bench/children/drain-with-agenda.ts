import { Agenda } from 'agenda';
import { KnexBackend } from 'agenda-knex';
import { openDatabase } from 'glue-core';
import { asChild } from '../support/as-child.ts';
import type { DatabasePlace } from '../support/database-places.ts';
import type { DrainAnswer } from './drain-with-glue.ts';

/** Agenda alone: one job per retry, all due, set up to be as fast as it can. */
export interface DrainWithAgendaInput {
  /** Where agenda-knex keeps the jobs. */
  readonly place: DatabasePlace;
  readonly retries: number;
}

const CONCURRENCY = 256;
const LOOK_MS = 100;
/** Jobs saved at once, before the clock starts. */
const SAVED_AT_ONCE = 50;

await asChild<DrainWithAgendaInput>(async ({ place, retries }) => {
  const database = openDatabase(place.config);
  const backend = new KnexBackend({ knex: database });
  await backend.connect();
  const agenda = new Agenda({
    backend,
    processEvery: LOOK_MS,
    maxConcurrency: CONCURRENCY,
    defaultConcurrency: CONCURRENCY,
    defaultLockLimit: CONCURRENCY,
    removeOnComplete: true,
  });
  const all = Promise.withResolvers<void>();
  let handled = 0;
  agenda.define('retry', async () => {});
  agenda.on('complete:retry', () => {
    handled += 1;
    if (handled === retries) all.resolve();
  });
  await saveJobs(agenda, retries);
  const startedAt = performance.now();
  await agenda.start();
  await all.promise;
  const seconds = (performance.now() - startedAt) / 1000;
  await agenda.stop();
  await database.destroy();
  return { answer: { perSecond: retries / seconds } satisfies DrainAnswer };
});

async function saveJobs(agenda: Agenda, retries: number): Promise<void> {
  const due = new Date(Date.now() - 1_000);
  const save = (event: number) => agenda.create('retry', { event }).schedule(due).save();
  for (let saved = 0; saved < retries; saved += SAVED_AT_ONCE)
    await Promise.all(
      Array.from({ length: Math.min(SAVED_AT_ONCE, retries - saved) }, (_, n) => save(saved + n)),
    );
}
