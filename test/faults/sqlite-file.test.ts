import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { balance, inFlight, WHOLE, type InFlight } from './support/ledger.js';
import { Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

/** A disk of its own, in memory; only root may mount one. */
const mayMount = process.getuid?.() === 0;
const mount = (...args: readonly string[]) => execFileSync('mount', ['-t', 'tmpfs', ...args]);

describe('a SQLite file under load', () => {
  let scene: Scene | undefined;
  let sender: Sender | undefined;
  let disk: string | undefined;

  afterEach(async () => {
    sender?.abandon();
    await scene?.close();
    if (disk !== undefined) execFileSync('umount', [disk]);
    if (disk !== undefined) rmSync(disk, { recursive: true });
    [scene, sender, disk] = [undefined, undefined, undefined];
  });

  async function load(folder?: string): Promise<{ scene: Scene; sender: Sender }> {
    const opened = await Scene.open(undefined, folder);
    scene = opened;
    await opened.start('one');
    const started = new Sender(() => opened.running, 0);
    sender = started;
    started.start(8);
    await until('the load is on', () => started.accepted.size > 300, 20_000);
    return { scene: opened, sender: started };
  }

  /** Of what was answered since a fault: what, and how soon. */
  function answersSince(seen: number, sender: Sender) {
    const answers = sender.answers.slice(seen);
    const tookMs = answers.map((answer) => answer.tookMs).sort((a, b) => a - b);
    const found = {
      count: answers.length,
      statuses: [...new Set(answers.map(({ status }) => status))],
      retryAfter: answers.every(({ status, retryAfter }) => status === 202 || Number(retryAfter) > 0),
      medianMs: tookMs[answers.length >> 1] ?? Infinity,
      slowestMs: tookMs.at(-1) ?? Infinity,
    };
    if (process.env['GLUE_TEST_FIGURES']) process.stderr.write(`${JSON.stringify(found)}\n`);
    return found;
  }

  async function goesOn(scene: Scene, sender: Sender, faults: readonly InFlight[]): Promise<void> {
    const before = sender.accepted.size;
    await until('events are accepted again', () => sender.accepted.size > before, 15_000);
    await sender.stop();
    const ledger = await balance(scene.database, sender.accepted, scene.receiver, faults);
    expect(ledger).toMatchObject(WHOLE);
    expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
  }

  it('that another process locks for 20 s: 503 soon, and all goes on by itself', async () => {
    const { scene, sender } = await load();
    const lock = await scene.database.transaction();
    await sleep(500);
    const seen = sender.answers.length;
    await sleep(20_000);
    const refused = answersSince(seen, sender);
    await lock.rollback();
    await goesOn(scene, sender, [await inFlight(scene.database)]);
    expect(refused).toMatchObject({ statuses: [503], retryAfter: true });
    expect(refused.slowestMs).toBeLessThan(8_000);
    expect(refused.medianMs).toBeLessThan(200);
  }, 90_000);

  (mayMount ? it : it.skip)(
    'whose disk is full: 503 at once; with room, all goes on',
    async () => {
      disk = mkdtempSync(join(tmpdir(), 'glue-disk-'));
      mount('-o', 'size=8m', 'tmpfs', disk);
      const { scene, sender } = await load(disk);
      const [host] = scene.hosts;
      const isFull = () => sender.answers.slice(-50).every(({ status }) => status === 503);
      await until('the disk is full', isFull, 60_000);
      const seen = sender.answers.length;
      // Longer than a lease, which cannot be renewed meanwhile.
      await sleep(15_000);
      const refused = answersSince(seen, sender);
      expect(host?.log).toMatch(/the disk of \S+glue\.db is full: make room on it/);
      mount('-o', 'remount,size=500m', 'tmpfs', disk);
      await goesOn(scene, sender, [await inFlight(scene.database)]);
      expect(refused).toMatchObject({ statuses: [503], retryAfter: true });
      expect(refused.slowestMs).toBeLessThan(2_000);
    },
    150_000,
  );

  it('that is moved away: 503 at once, readiness and the log say why; put back, all goes on', async () => {
    const { scene, sender } = await load();
    const [host] = scene.hosts;
    if (!host) throw new Error('no host');
    scene.moveFile();
    await sleep(1_500);
    const [seen, acceptedBefore] = [sender.answers.length, sender.accepted.size];
    await sleep(3_000);
    const refused = answersSince(seen, sender);
    const ready = await fetch(`${host.url}/readyz`);
    expect([ready.status, await ready.json()]).toMatchObject([
      503,
      { checks: { database: 'its file was removed or replaced' } },
    ]);
    expect(host.log).toMatch(/the host lease could not be renewed/);
    expect(host.log).toMatch(/the file \S+glue\.db was removed or replaced while it was open: put it back/);
    expect(sender.accepted.size).toBe(acceptedBefore);
    scene.moveFileBack();
    await goesOn(scene, sender, [await inFlight(scene.database)]);
    expect(refused).toMatchObject({ statuses: [503], retryAfter: true });
    expect(refused.slowestMs).toBeLessThan(1_000);
  }, 90_000);
});
