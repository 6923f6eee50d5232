import type { GlueHostAnswer, GlueHostInput } from './children/glue-host.ts';
import type { LoadAnswer } from './children/load.ts';
import { runChild, startChild, type Child } from './support/child.ts';
import { atPlace, stores, type DatabasePlace, type Store } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

const SIZES = [1_024, 10_240];

export interface IngestRatios {
  /** Against an Express route with HMAC and no storage; the smaller of the two body sizes. */
  readonly vsExpress: number;
  /** Against the same route with one INSERT per request. */
  readonly vsInsert: number;
  /** The slowest of Glue's runs. */
  readonly p99Ms: number;
}

interface IngestResult extends LoadAnswer {
  /** Time that the server's CPU took per request, in microseconds; with SQLite the database's too. */
  readonly cpuMicros: number;
  /** How many of all accepted events were done when the load ended; Glue only. */
  readonly done?: number;
}

/** What Glue must reach, by store: against no storage, against one INSERT per request. */
const GOALS: Readonly<Record<Store, readonly [number, number]>> = { sqlite: [1.5, 2.5], mariadb: [1.2, 2.5] };

/** Ingest of signed events, against Express without and with storage. */
export async function measureIngest(effort: Effort): Promise<Partial<Record<Store, IngestRatios>>> {
  const found: Partial<Record<Store, IngestRatios>> = {};
  for (const store of stores) found[store] = await measureStore(store, effort);
  return found;
}

async function measureStore(store: Store, effort: Effort): Promise<IngestRatios> {
  const rows: string[][] = [];
  const ratios = { alone: [] as number[][], processing: [] as number[][] };
  let p99Ms = 0;
  for (const bytes of SIZES) {
    const results = await alternate(effort.rounds, {
      express: () => ingestExpress(undefined, bytes, effort),
      insert: () => atPlace(store, (place) => ingestExpress(place, bytes, effort)),
      alone: () => atPlace(store, (place) => ingestGlue({ place, hold: true }, bytes, effort)),
      processing: () => atPlace(store, (place) => ingestGlue({ place }, bytes, effort)),
    });
    const [express, insert] = [best(results.express), best(results.insert)];
    const row = (name: string, result: IngestResult) => [
      `${bytes / 1024} KB  ${name}`,
      count(result.perSecond),
      `${Math.round(result.cpuMicros)}`,
      `${result.p50Ms}`,
      `${result.p99Ms}`,
      times(result.perSecond / express.perSecond),
      times(result.perSecond / insert.perSecond),
      result.done === undefined ? '' : `${Math.round(100 * result.done)} %`,
    ];
    rows.push(row('Express, no storage (a)', express), row('Express, one INSERT each (b)', insert));
    for (const kind of ['alone', 'processing'] as const) {
      const glue = best(results[kind]);
      rows.push(row(kind === 'alone' ? 'Glue, accepting alone' : 'Glue, accepting while processing', glue));
      ratios[kind].push([glue.perSecond / express.perSecond, glue.perSecond / insert.perSecond]);
      p99Ms = Math.max(p99Ms, glue.p99Ms);
    }
  }
  printTable(
    `Ingest, ${store} (durable), 50 connections; the best of ${effort.rounds} rounds each`,
    ['', 'requests/s', 'CPU µs each', 'p50 ms', 'p99 ms', 'of (a)', 'of (b)', 'done meanwhile'],
    rows,
  );
  return { ...chosenRatios(store, ratios), p99Ms };
}

/** While processing where that reaches the goal; else alone, which the goal is about. Says which. */
function chosenRatios(
  store: Store,
  { alone, processing }: { alone: number[][]; processing: number[][] },
): Omit<IngestRatios, 'p99Ms'> {
  const choose = (index: 0 | 1, name: string): number => {
    const smallest = (all: number[][]): number => Math.min(...all.map((each) => each[index] ?? 0));
    const reaches = smallest(processing) >= GOALS[store][index];
    const value = reaches ? smallest(processing) : smallest(alone);
    console.log(
      `${name}: the JSON line takes ${times(value)}, ${reaches ? 'while processing' : `accepting alone (while processing: ${times(smallest(processing))})`}; goal ${times(GOALS[store][index])}`,
    );
    return value;
  };
  return {
    vsExpress: choose(0, `ingest_${store}_vs_express`),
    vsInsert: choose(1, `ingest_${store}_vs_insert`),
  };
}

async function ingestExpress(
  place: DatabasePlace | undefined,
  bytes: number,
  effort: Effort,
): Promise<IngestResult> {
  const server = await startChild<{ url: string }>('express-server', { ...(place && { place }) });
  try {
    return await runLoad(server, bytes, effort);
  } finally {
    await server.end();
  }
}

/** One run against a real host, on an empty place or on one that holds events already. */
export async function ingestGlue(input: GlueHostInput, bytes: number, effort: Effort): Promise<IngestResult> {
  const host = await startChild<GlueHostAnswer>('glue-host', input);
  try {
    const result = await runLoad(host, bytes, effort);
    const states = await host.ask<Readonly<Record<string, number>>>('counts');
    const all = Object.values(states).reduce((sum, each) => sum + each, 0);
    return { ...result, done: (states['done'] ?? 0) / all };
  } finally {
    await host.end();
  }
}

async function runLoad(
  server: Child<{ readonly url: string }>,
  bytes: number,
  { seconds, warmUpSeconds }: Effort,
): Promise<IngestResult> {
  const load = { url: server.answer.url, bytes };
  await runChild('load', { ...load, seconds: warmUpSeconds });
  const before = await server.ask<number>('cpu');
  const result = await runChild<LoadAnswer>('load', { ...load, seconds });
  const cpuMs = (await server.ask<number>('cpu')) - before;
  return { ...result, cpuMicros: (1_000 * cpuMs) / result.accepted };
}
