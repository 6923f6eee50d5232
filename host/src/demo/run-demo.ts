import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createHost } from '../host.js';
import { demoConfig } from './demo-config.js';
import { countAll, type DemoCounts } from './demo-counts.js';
import { setScene } from './demo-scene.js';
import { playMainJob } from './main-job.js';
import { playDuplicate, playRefusals } from './refusals.js';
import { startStandIn } from './stand-in-stripe.js';
import { Story } from './story.js';

const EXPECTED: DemoCounts = {
  received: 1,
  processed: 1,
  delivered: 1,
  attempts: 3,
  duplicates: 1,
  rejected: 4,
};

export interface DemoResult {
  readonly counts: DemoCounts;
  /** What did not happen as expected. */
  readonly failures: readonly string[];
}

/** Runs the main job over real HTTP on a host of its own, and says line by line what happens. Leaves nothing behind. */
export async function runDemo(print: (line: string) => void): Promise<DemoResult> {
  const story = new Story(print);
  const dataFolder = mkdtempSync(join(tmpdir(), 'glue-demo-'));
  const standIn = await startStandIn([
    { status: 503 },
    { status: 429, headers: { 'retry-after': '1' } },
    { status: 200 },
  ]);
  const host = createHost(await demoConfig(dataFolder));
  try {
    print('Glue takes an event from Stripe, writes back to Stripe, and does not give up.');
    story.chapter('A host, a backend, its endpoints');
    await host.start();
    story.tell(`host at ${host.url}, data in ${dataFolder}`);
    story.tell(`a stand-in for Stripe's API at ${standIn.url}: it will answer 503, then 429, then 200`);
    const scene = await setScene(host, standIn, story);
    story.chapter('The event comes in, the answer goes out');
    const taken = await playMainJob(scene, standIn, story);
    story.chapter('What comes twice, and what must not come in');
    if (taken) await playDuplicate(scene, taken, story);
    await playRefusals(scene, story);
    const counts = await countAll(scene);
    story.expect(isDeepStrictEqual(counts, EXPECTED), `the database holds ${JSON.stringify(EXPECTED)}`);
    story.chapter(story.failures.length === 0 ? 'Everything happened as expected.' : 'Something went wrong.');
    return { counts, failures: story.failures };
  } finally {
    await host.stop();
    await standIn.stop();
    rmSync(dataFolder, { recursive: true, force: true });
  }
}
