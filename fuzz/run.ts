import { parseArgs } from 'node:util';
import { startChild } from '../bench/support/child.ts';
import { atPlace, removePlaces } from '../bench/support/database-places.ts';
import type { FuzzedHost } from './children/host.ts';
import { FuzzRun, type FuzzCounts } from './fuzz-run.ts';
import { StoredEvents } from './stored-events.ts';

const USAGE = 'npm run fuzz -- [--requests 100000] [--seed 1] [--json]';
const MIB = 1024 * 1024;
/** Of all requests, those after which memory is measured for the first time. */
const WARM_UP = 0.4;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 1e9) },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const [requests, seed] = [Number(values.requests), Number(values.seed)];

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void removePlaces().finally(() => process.exit(1)));
}

if (values.help || !Number.isInteger(requests) || !Number.isInteger(seed)) {
  console.log(USAGE);
  process.exitCode = values.help ? 0 : 1;
} else {
  await atPlace('sqlite', async (place) => {
    const file = new URL('children/host.ts', import.meta.url);
    const host = await startChild<FuzzedHost>(file, { place }, { nodeArguments: ['--expose-gc'] });
    const stored = new StoredEvents(place.config);
    /** Resident memory of the host after a garbage collection, in bytes. */
    const memory = () => host.ask<number>('memory');
    const start = performance.now();
    let warm: number | undefined;
    let told = 0;
    const progress = async (counts: FuzzCounts): Promise<void> => {
      if (warm === undefined && counts.requests >= WARM_UP * requests) warm = await memory();
      if (counts.requests - told < 10_000) return;
      told = counts.requests;
      const held = Math.round((await memory()) / MIB);
      console.log(`${counts.requests} requests, ${counts.stored} stored, the host holds ${held} MiB`);
    };
    try {
      console.log(`seed ${seed}, ${host.answer.endpoints.length} endpoints`);
      const fuzz = new FuzzRun({ host: host.answer, stored, requests, seed, progress });
      await fuzz.run();
      const grown = ((await memory()) - (warm ?? 0)) / MIB;
      await host.end();
      await fuzz.look();
      report(fuzz.counts, performance.now() - start, grown);
    } finally {
      await host.end();
      await stored.close();
    }
  });
}

function report(counts: FuzzCounts, ms: number, grownMib: number): void {
  const answers = [...counts.answers].sort(([a], [b]) => String(a).localeCompare(String(b)));
  const faults = answers.reduce((sum, [status, count]) => sum + (Number(status) >= 500 ? count : 0), 0);
  console.log(`${counts.requests} requests in ${Math.round(ms / 1000)} s, ${counts.stored} events stored`);
  console.log(`answers: ${answers.map(([status, count]) => `${status}: ${count}`).join(', ')}`);
  if (counts.refusedProven > 0) console.log(`right, but refused: ${counts.refusedProven}`);
  for (const fault of counts.faults) console.log(fault);
  if (counts.faults.length > 0) process.exitCode = 1;
  if (!values.json) return;
  const line = {
    requests: counts.requests,
    answers_5xx: faults,
    stored_unproven: counts.storedUnproven,
    rss_growth_mb: Math.round(10 * grownMib) / 10,
  };
  console.log(`\n${JSON.stringify(line)}`);
}
