import type { DrainWithAgendaInput } from './children/drain-with-agenda.ts';
import type { DrainAnswer, DrainInput } from './children/drain-with-glue.ts';
import { runChild } from './support/child.ts';
import { atPlace } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

const RETRIES = 20_000;
/** Agenda takes a minute for each round. */
const ROUNDS = 2;

/** Draining retries that fall due together, against Agenda with one job per retry; on SQLite. */
export async function measureDueRetries({ rounds, divisor }: Effort): Promise<number> {
  const retries = RETRIES / divisor;
  const withGlue = (input: DrainInput) => runChild<DrainAnswer>('drain-with-glue', input);
  const withAgenda = (input: DrainWithAgendaInput) => runChild<DrainAnswer>('drain-with-agenda', input);
  const results = await alternate(Math.min(rounds, ROUNDS), {
    agenda: () => atPlace('sqlite', (place) => withAgenda({ place, retries })),
    glue: () => atPlace('sqlite', (place) => withGlue({ place, retries })),
  });
  const agenda = best(results.agenda);
  const row = (name: string, { perSecond }: DrainAnswer) => [
    name,
    count(perSecond),
    times(perSecond / agenda.perSecond),
  ];
  printTable(
    `Draining ${count(retries)} due retries, SQLite (durable); the best of ${results.agenda.length} rounds each`,
    ['', 'retries/s', 'of Agenda'],
    [
      row('Agenda, one job per retry, agenda-knex', agenda),
      row('Glue, woken once by its clock', best(results.glue)),
    ],
  );
  return best(results.glue).perSecond / agenda.perSecond;
}
