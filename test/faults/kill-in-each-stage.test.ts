import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { balance, inFlight, type InFlight } from './support/ledger.js';
import { describeFaults, IN_FLIGHT, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

/** Where a host can be killed, and how often that is passed in a second or two of load. */
const STAGES = {
  'before-commit-of-append': 40,
  'after-commit-of-append': 40,
  'mid-handler': 60,
  'mid-send': 60,
  'after-the-response': 60,
  'before-commit-of-settle': 40,
  'after-commit-of-settle': 40,
} as const;
const stages = Object.keys(STAGES) as (keyof typeof STAGES)[];

/** By hand: GLUE_TEST_KILLS=100. */
const KILLS = Number(process.env['GLUE_TEST_KILLS'] ?? 30);
const killAt = resolve('test/faults/support/kill-at.mjs');

describeFaults('a host that is killed (-9) under load', (openScene, isSqlite) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  /** Starts a host that is killed somewhere in its next second of work. */
  async function startDoomed(name: string, stage: keyof typeof STAGES): Promise<void> {
    const passes = 1 + Math.floor(Math.random() * STAGES[stage]);
    const environment = { GLUE_TEST_KILL_AT: `${stage}:${passes}` };
    const host = await scene.start(name, { environment, imports: [killAt] });
    if (stage === 'mid-send') scene.receiver.atArrival(passes, () => void host.kill());
  }

  const kills = isSqlite ? KILLS : stages.length;
  it(
    `${kills} times, in each stage, and started again: loses nothing, repeats only what it could not record`,
    async () => {
      const sender = new Sender(() => scene.running);
      const faults: InFlight[] = [];
      sender.start();
      for (let kill = 0; kill < kills; kill += 1) {
        const stage = stages[kill % stages.length] ?? 'mid-send';
        await startDoomed('one', stage);
        await until(`the host is killed ${stage}`, () => scene.running.length === 0, 30_000);
        faults.push(await inFlight(scene.database));
      }
      await scene.start('one');
      await sender.stop();
      const ledger = await balance(scene.database, sender.accepted, scene.receiver, faults);
      expect(ledger).toMatchObject({ lost: [], undelivered: [], stuck: 0, recordedTwice: 0 });
      expect(ledger.repeated).toBeLessThanOrEqual(kills * IN_FLIGHT);
      expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
      expect(ledger.accepted).toBeGreaterThan(kills * 10);
    },
    60_000 + kills * 10_000,
  );

  it('and does not come back: another host takes its work over within 15 s', async () => {
    const sender = new Sender(() => scene.running, 20);
    await scene.start('survivor');
    sender.start(4);
    await startDoomed('doomed', 'mid-handler');
    await until('one host is killed', () => scene.running.length === 1, 30_000);
    const fault = await inFlight(scene.database);
    await until('the dead host has lost its lease', async () => (await leases(scene)) === 1, 20_000);
    await sender.stop();
    const ledger = await balance(scene.database, sender.accepted, scene.receiver, [fault]);
    expect(ledger).toMatchObject({ lost: [], undelivered: [], stuck: 0, recordedTwice: 0 });
    expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
    expect(fault.ids.length).toBeGreaterThan(0);
  }, 90_000);
});

async function leases({ database }: Scene): Promise<number> {
  return (await database('glue_hosts').select('incarnation')).length;
}
