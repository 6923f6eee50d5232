import { setTimeout as sleep } from 'node:timers/promises';
import type { GlueHostAnswer } from './children/glue-host.ts';
import { runChild, startChild, type Child } from './support/child.ts';
import { atPlace } from './support/database-places.ts';
import { slopeOf, type Point } from './support/least-squares.ts';
import { printTable } from './support/print-table.ts';

const PER_SECOND = 200;
const SAMPLE_MS = 5_000;
/** What happens before this is warming up: code is compiled, caches fill. */
const WARM_UP_MINUTES = 2;

type Kind = 'rss' | 'heapUsed' | 'external' | 'arrayBuffers';
type Sample = Readonly<Record<Kind, number>> & { readonly minute: number };

/** A real host at 200 events a second: does its memory grow? SQLite, processing included. */
export async function measureMemory(minutes: number): Promise<void> {
  await atPlace('sqlite', async (place) => {
    const host = await startChild<GlueHostAnswer>('glue-host', { place }, { nodeArguments: ['--expose-gc'] });
    try {
      const { url } = host.answer;
      const load = runChild('load', { url, bytes: 1_024, seconds: minutes * 60, perSecond: PER_SECOND });
      const samples = await takeSamples(host, minutes);
      console.log(await load);
      print(samples, minutes);
    } finally {
      await host.end();
    }
  });
}

async function takeSamples(host: Child<GlueHostAnswer>, minutes: number): Promise<Sample[]> {
  const samples: Sample[] = [];
  const startedAt = Date.now();
  for (let minute = 0; minute < minutes;) {
    await sleep(SAMPLE_MS);
    minute = (Date.now() - startedAt) / 60_000;
    const usage = await host.ask<Record<Kind, number>>('memory');
    samples.push({ minute, ...usage });
    if (samples.length % 12 === 0)
      console.log(`${minute.toFixed(1)} min: RSS ${mib(usage.rss)}, heap ${mib(usage.heapUsed)} MiB`);
  }
  return samples;
}

function print(samples: readonly Sample[], minutes: number): void {
  const warm = samples.filter(({ minute }) => minute >= Math.min(WARM_UP_MINUTES, minutes / 5));
  const [first, last] = [warm[0], warm.at(-1)];
  if (!first || !last) return;
  const row = (name: string, kind: Kind) => {
    const { slope, error } = slopeOf(warm.map((sample): Point => [sample.minute, sample[kind] / 1024]));
    return [name, mib(first[kind]), mib(last[kind]), slope.toFixed(1), `± ${(2 * error).toFixed(1)}`];
  };
  printTable(
    `Memory at ${PER_SECOND} events/s, from minute ${first.minute.toFixed(1)} to ${last.minute.toFixed(1)}, after a full collection each`,
    ['', 'first MiB', 'last MiB', 'KB/min', '95 %'],
    [
      row('heap in use', 'heapUsed'),
      row('outside the heap', 'external'),
      row('RSS (what the system gave)', 'rss'),
    ],
  );
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}
