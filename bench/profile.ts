import type { GlueHostAnswer } from './children/glue-host.ts';
import type { ProcessAnswer } from './children/process-events.ts';
import type { SendWithGlueAnswer } from './children/send-with-glue.ts';
import type { SinkAnswer } from './children/sink.ts';
import { runChild, startChild } from './support/child.ts';
import type { ProfileLine, ProfileSummary } from './support/cpu-profile.ts';
import { atPlace, stores, type Store } from './support/database-places.ts';
import { printTable } from './support/print-table.ts';

const WHAT = ['ingest', 'accept', 'accept10k', 'processed', 'outbound'] as const;
/** For instance `ingest-sqlite`: accepting while processing; `accept-…` alone, `accept10k-…` 10 KB each; `processed-…` stored to done; `outbound-…` sent. */
export const PROFILES = WHAT.flatMap((what) =>
  (['sqlite', 'mariadb'] as const).map((store) => `${what}-${store}`),
);

/** Takes a CPU profile of Glue at one of the benchmarks and says where the time went. */
export async function profile(name: string): Promise<void> {
  const [what = '', store = ''] = name.split('-');
  if (!PROFILES.includes(name))
    throw new Error(`there is no profile "${name}"; there are ${PROFILES.join(', ')}`);
  if (!stores.includes(store as Store)) throw new Error('GLUE_TEST_MYSQL_URL names no server');
  const summary = await summaryOf(what, store as Store);
  print(`${name}: by package`, summary.byPackage);
  print(`${name}: by function`, summary.byFunction);
  print(`${name}: charged to the nearest function of Glue's own`, summary.byCaller);
}

function summaryOf(what: string, store: Store): Promise<ProfileSummary> {
  if (what === 'processed') return profileProcessing(store);
  if (what === 'outbound') return profileSending(store);
  return profileIngest(store, what !== 'ingest', what === 'accept10k' ? 10_240 : 1_024);
}

async function profileSending(store: Store): Promise<ProfileSummary> {
  const sink = await startChild<SinkAnswer>('sink', {});
  try {
    const input = { url: sink.answer.url, deliveries: 20_000, concurrency: 256, profiled: true };
    const { perSecond, summary } = await atPlace(store, (place) =>
      runChild<SendWithGlueAnswer>('send-with-glue', { ...input, place }),
    );
    if (!summary) throw new Error('no profile was taken');
    console.log(`${Math.round(perSecond)} deliveries/s while profiled`);
    return summary;
  } finally {
    await sink.end();
  }
}

function profileProcessing(store: Store): Promise<ProfileSummary> {
  return atPlace(store, async (place) => {
    const input = { place, events: store === 'sqlite' ? 60_000 : 20_000, concurrency: 256, profiled: true };
    const { perSecond, summary } = await runChild<ProcessAnswer>('process-events', input);
    if (!summary) throw new Error('no profile was taken');
    console.log(`${Math.round(perSecond)} events/s while profiled`);
    return summary;
  });
}

function profileIngest(store: Store, hold: boolean, bytes: number): Promise<ProfileSummary> {
  return atPlace(store, async (place) => {
    const host = await startChild<GlueHostAnswer>('glue-host', { place, hold });
    const load = { url: host.answer.url, bytes };
    try {
      await runChild('load', { ...load, seconds: 2 });
      await host.ask('start profile');
      console.log(await runChild('load', { ...load, seconds: 4 }));
      return await host.ask<ProfileSummary>('stop profile');
    } finally {
      await host.end();
    }
  });
}

function print(title: string, lines: readonly ProfileLine[]): void {
  printTable(
    title,
    ['', '%'],
    lines.map(({ name, percent }) => [name, percent.toFixed(1)]),
  );
}
