import type { GlueHostAnswer, GlueHostInput } from './children/glue-host.ts';
import type { LoadAnswer } from './children/load.ts';
import type { ExpressInput } from './children/express-server.ts';
import { runChild, startChild, type Child } from './support/child.ts';
import { atPlace, stores, type Store } from './support/database-places.ts';
import type { Effort } from './support/effort.ts';
import { count, printTable, times } from './support/print-table.ts';
import { alternate, best } from './support/rounds.ts';

const SIZES = [1_024, 10_240];
/** A server is faster than at its warm-up, but not so many times; how many bodies a second are prepared at least. */
const FASTER = 3;
const AT_LEAST = 2_000;

/** Of Glue while it processes what it accepts, as a host does; of two body sizes the worse. */
export interface IngestRatios {
  /** Against an Express route with HMAC and no storage. */
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

/** Ingest of signed events, against Express without and with storage. */
export async function measureIngest(effort: Effort): Promise<Partial<Record<Store, IngestRatios>>> {
  const found: Partial<Record<Store, IngestRatios>> = {};
  for (const store of stores) found[store] = await measureStore(store, effort);
  return found;
}

async function measureStore(store: Store, effort: Effort): Promise<IngestRatios> {
  const rows: string[][] = [];
  const ratios: IngestRatios[] = [];
  for (const bytes of SIZES) {
    const results = await alternate(effort.rounds, {
      bare: () => ingestExpress({ isBare: true }, bytes, effort),
      express: () => ingestExpress({}, bytes, effort),
      insert: () => atPlace(store, (place) => ingestExpress({ place }, bytes, effort)),
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
    rows.push(
      row('bare Node, no storage', best(results.bare)),
      row('Express, no storage (a)', express),
      row('Express, one INSERT each (b)', insert),
    );
    const [alone, processing] = [best(results.alone), best(results.processing)];
    rows.push(row('Glue, accepting alone', alone), row('Glue, accepting while processing', processing));
    ratios.push({
      vsExpress: processing.perSecond / express.perSecond,
      vsInsert: processing.perSecond / insert.perSecond,
      p99Ms: Math.max(alone.p99Ms, processing.p99Ms),
    });
  }
  printTable(
    `Ingest, ${store} (durable), 50 connections; the best of ${effort.rounds} rounds each`,
    ['', 'requests/s', 'CPU µs each', 'p50 ms', 'p99 ms', 'of (a)', 'of (b)', 'done meanwhile'],
    rows,
  );
  return {
    vsExpress: Math.min(...ratios.map(({ vsExpress }) => vsExpress)),
    vsInsert: Math.min(...ratios.map(({ vsInsert }) => vsInsert)),
    p99Ms: Math.max(...ratios.map(({ p99Ms }) => p99Ms)),
  };
}

async function ingestExpress(input: ExpressInput, bytes: number, effort: Effort): Promise<IngestResult> {
  const server = await startChild<{ url: string }>('express-server', input);
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
  const warmUp = await runChild<LoadAnswer>('load', { ...load, seconds: warmUpSeconds });
  const before = await server.ask<number>('cpu');
  const result = await runChild<LoadAnswer>('load', {
    ...load,
    seconds,
    mostPerSecond: Math.max(AT_LEAST, FASTER * warmUp.perSecond),
  });
  const cpuMs = (await server.ask<number>('cpu')) - before;
  return { ...result, cpuMicros: (1_000 * cpuMs) / result.accepted };
}
