import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { HostProcess } from './support/host-process.js';
import { balance, inFlight, WHOLE, type InFlight } from './support/ledger.js';
import { describeFaults, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

/** Where a host is killed, and how often that is passed within a second or two of load. */
const STAGES = {
  'before-commit-of-append': 60,
  'after-commit-of-append': 60,
  'after-commit-of-claim': 40,
  'mid-handler': 150,
  'before-commit-of-event-settle': 40,
  'after-commit-of-event-settle': 40,
  'mid-send': 150,
  'after-the-response': 150,
  'before-commit-of-delivery-settle': 40,
  'after-commit-of-delivery-settle': 40,
} as const;
type Stage = keyof typeof STAGES;
const stages = Object.keys(STAGES) as Stage[];

/** Deliveries that wait for a slow receiver. */
const BACKLOG = 800;
/** By hand: GLUE_TEST_KILLS=100. */
const KILLS = Number(process.env['GLUE_TEST_KILLS'] ?? 30);
const killAt = resolve('test/faults/support/kill-at.mjs');

describeFaults('a host that is killed (-9) under load', (openScene, isSqlite) => {
  let scene: Scene;
  let sender: Sender;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(async () => {
    sender.abandon();
    await scene.close();
  });

  /** Starts a host that is killed somewhere in its next seconds of work, or in the middle of its start. */
  function launchDoomed(name: string, stage: Stage, passes: number): HostProcess {
    const environment = { GLUE_TEST_KILL_AT: `${stage}:${passes}` };
    const host = scene.launch(name, { environment, imports: [killAt] });
    if (stage === 'mid-send') scene.receiver.atArrival(passes, () => void host.kill());
    return host;
  }

  async function killedAt(name: string, stage: Stage): Promise<InFlight> {
    const passes = 1 + Math.floor(Math.random() * STAGES[stage]);
    const host = launchDoomed(name, stage, passes);
    await until(`the host is killed ${stage}, pass ${passes}`, () => host.hasEnded, 40_000);
    expect(await host.ended).toEqual({ code: null, signal: 'SIGKILL' });
    return inFlight(scene.database, host);
  }

  const kills = isSqlite || process.env['GLUE_TEST_KILLS'] ? KILLS : stages.length;
  it(
    `${kills} times, in each stage, and started again: loses nothing, repeats only what it could not record`,
    async () => {
      sender = new Sender(() => scene.running);
      const faults: InFlight[] = [];
      sender.start();
      for (let kill = 0; kill < kills; kill += 1)
        faults.push(await killedAt('one', stages[kill % stages.length] ?? 'mid-send'));
      await scene.start('one');
      await sender.stop();
      const ledger = await balance(scene.database, sender.eventIds, scene.receiver, faults);
      expect(ledger).toMatchObject(WHOLE);
      expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
      expect(ledger.accepted).toBeGreaterThan(kills * 10);
      expect(faults.flatMap(({ ids }) => ids).length).toBeGreaterThan(kills);
    },
    60_000 + kills * 10_000,
  );

  it('in front of a backlog, and started again: what was under way goes before what waits', async () => {
    let delayMs = 250;
    scene.receiver.manners = () => ({ delayMs });
    const doomed = await scene.start('one');
    sender = new Sender(() => scene.running);
    sender.start(16);
    // More than the receiver takes in 15 s, at ten at a time.
    await until('a backlog has grown', async () => (await waiting(scene)) > BACKLOG, 60_000);
    await sender.stop();
    await doomed.kill();
    const fault = await inFlight(scene.database, doomed);
    expect(fault.ids.length).toBeGreaterThan(0);
    await scene.start('one');
    const undone = () =>
      scene.database('glue_deliveries').whereIn('id', fault.ids).whereNot({ state: 'done' });
    await until('what was under way is done', async () => (await undone()).length === 0, 15_000);
    expect(await waiting(scene)).toBeGreaterThan(0);
    delayMs = 0;
    const ledger = await balance(scene.database, sender.eventIds, scene.receiver, [fault]);
    expect(ledger).toMatchObject(WHOLE);
    expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
  }, 150_000);

  it('and does not come back: another host takes its work over within 15 s', async () => {
    const survivor = await scene.start('survivor');
    const doomed = launchDoomed('doomed', 'mid-handler', 40);
    sender = new Sender(() => scene.running, 20);
    sender.start(4);
    await until('one host is killed', () => doomed.hasEnded, 40_000);
    const fault = await inFlight(scene.database, doomed);
    expect(fault.ids.length).toBeGreaterThan(0);
    await until('its work is taken over', () => survivor.log.includes('took over the work'), 20_000);
    await sender.stop();
    const ledger = await balance(scene.database, sender.eventIds, scene.receiver, [fault]);
    expect(ledger).toMatchObject(WHOLE);
    expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
  }, 90_000);
});

/** Deliveries that nobody has begun. */
async function waiting({ database }: Scene): Promise<number> {
  const [row] = await database<{ phase: number }>('glue_deliveries')
    .where({ phase: 0 })
    .count({ count: '*' });
  return Number(row?.count);
}
