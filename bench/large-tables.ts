import type { ProcessAnswer, ProcessInput } from './children/process-events.ts';
import { ingestGlue } from './ingest.ts';
import { runChild } from './support/child.ts';
import { atPlace, stores, type DatabasePlace, type Store } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

const SMALL = 10_000;
const LARGE = 2_000_000;
/** Events that wait beside those that are done. */
const WAITING = 5_000;

export interface LargeTableRatios {
  readonly claim: number;
  readonly ingest: number;
}

interface Measured {
  readonly perSecond: number;
  /** Per claimed event, in milliseconds. */
  readonly claimMs: number;
  /** The slowest statement of a claim, in milliseconds. */
  readonly slowestClaimMs: number;
}

/** Claims and ingest beside two million events that are done, against ten thousand; the JSON line tells of SQLite. */
export async function measureLargeTables(effort: Effort): Promise<LargeTableRatios> {
  const ratios = await measureStore('sqlite', effort);
  if (stores.includes('mariadb')) await measureStore('mariadb', effort);
  return ratios;
}

async function measureStore(store: Store, effort: Effort): Promise<LargeTableRatios> {
  const large = LARGE / effort.divisor;
  const results = await atPlace(store, async (largePlace) => {
    const startedAt = Date.now();
    await runChild('fill-tables', { place: largePlace, events: large });
    console.log(
      `\n${store}: ${count(large)} events made in ${Math.round((Date.now() - startedAt) / 1000)} s`,
    );
    return alternate(effort.rounds, {
      small: () =>
        atPlace(store, async (place) => {
          await runChild('fill-tables', { place, events: SMALL });
          return measureAt(place, effort);
        }),
      large: () => measureAt(largePlace, effort),
    });
  });
  const [small, big] = [best(results.small), best(results.large)];
  const claim = leastOf(results.small, 'claimMs') / leastOf(results.large, 'claimMs');
  const row = (name: string, measured: readonly Measured[]) => [
    name,
    count(best(measured).perSecond),
    (1_000 * leastOf(measured, 'claimMs')).toFixed(1),
    leastOf(measured, 'slowestClaimMs').toFixed(1),
  ];
  printTable(
    `Large tables, ${store} (durable), ${count(WAITING)} events waiting; the best of ${effort.rounds} rounds each`,
    ['events done before', 'ingest/s, 1 KB', 'claim µs per event', 'slowest claim ms'],
    [row(count(SMALL), results.small), row(count(large), results.large)],
  );
  console.log(
    `claims ${times(claim)}, ingest ${times(big.perSecond / small.perSecond)}; goal 0.90 × and a claim below 10 ms`,
  );
  return { claim, ingest: big.perSecond / small.perSecond };
}

async function measureAt(place: DatabasePlace, effort: Effort): Promise<Measured> {
  const input: ProcessInput = { place, events: WAITING, concurrency: 256, isPrepared: true };
  const { claimTimes } = await runChild<ProcessAnswer>('process-events', input);
  if (claimTimes.length === 0)
    throw new Error('no claim was seen: support/claim-times.ts does not know the statement');
  const { perSecond } = await ingestGlue({ place }, 1_024, effort);
  const all = claimTimes.reduce((sum, each) => sum + each, 0);
  return { perSecond, claimMs: all / WAITING, slowestClaimMs: Math.max(...claimTimes) };
}

function leastOf(measured: readonly Measured[], key: keyof Measured): number {
  return Math.min(...measured.map((each) => each[key]));
}
