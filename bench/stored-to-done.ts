import type { ProcessAnswer } from './children/process-events.ts';
import { runChild } from './support/child.ts';
import { atPlace, stores, type Store } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

/** Events per run; on MariaDB everything takes longer. */
const EVENTS: Readonly<Record<Store, number>> = { sqlite: 40_000, mariadb: 20_000 };

/** From stored to done with a handler that does nothing, against a bare loop; as a share of the loop, by store. */
export async function measureStoredToDone(effort: Effort): Promise<Partial<Record<Store, number>>> {
  const found: Partial<Record<Store, number>> = {};
  for (const store of stores) found[store] = await measureStore(store, effort);
  return found;
}

async function measureStore(store: Store, { rounds, divisor }: Effort): Promise<number> {
  const events = EVENTS[store] / divisor;
  const run = (child: string, input: object) => () =>
    atPlace(store, (place) => runChild<ProcessAnswer>(child, { place, events, ...input }));
  const results = await alternate(rounds, {
    loop: run('bare-loop', { workers: 1, log: false }),
    glue: run('process-events', { concurrency: 256 }),
    glueDefault: run('process-events', { concurrency: 50 }),
    loopWithLog: run('bare-loop', { workers: 1, log: true }),
    ...(store === 'mariadb' && { fourLoops: run('bare-loop', { workers: 4, log: false }) }),
  });
  const loop = best(results.loop).perSecond;
  const row = (name: string, result: ProcessAnswer) => [
    name,
    count(result.perSecond),
    result.cpuMicros.toFixed(1),
    times(result.perSecond / loop),
  ];
  printTable(
    `Stored to done, ${store} (durable), ${count(events)} events of 1 KB; the best of ${rounds} rounds each`,
    ['', 'events/s', 'CPU µs each', 'of the bare loop'],
    [
      row('bare loop, one worker', best(results.loop)),
      ...('fourLoops' in results ? [row('bare loop, four workers', best(results.fourLoops))] : []),
      row('bare loop, with an attempt log', best(results.loopWithLog)),
      row('Glue, 256 at once', best(results.glue)),
      row('Glue, 50 at once (the default of an endpoint)', best(results.glueDefault)),
    ],
  );
  return best(results.glue).perSecond / loop;
}
