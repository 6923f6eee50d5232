import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { HostProcess } from './support/host-process.js';
import { balance, inFlight, WHOLE } from './support/ledger.js';
import { describeFaults, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

const shiftDate = resolve('test/faults/support/shift-date.mjs');
const TEN_MINUTES_MS = 600_000;
/** The deadline of the connector's endpoint and its first delay: when the second attempt is due. */
const RETRY_MS = 2_000 + 500;
/** When a clock is set, after the start of its process. */
const SET_AFTER_MS = 5_000;
/** How late a retry may be on a machine that is busy. */
const LATE_MS = 4_000;

describeFaults(
  'hosts whose clocks are ten minutes ahead and behind, beside one whose clock is right',
  (openScene) => {
    let scene: Scene;

    beforeEach(async () => {
      scene = await openScene();
    });
    afterEach(() => scene.close());

    function startShifted(name: string, shiftMs: number, afterMs = 0): Promise<HostProcess> {
      const environment = {
        GLUE_TEST_SHIFT_MS: String(shiftMs),
        GLUE_TEST_SHIFT_AFTER_MS: String(afterMs),
      };
      return scene.start(name, { environment, imports: [shiftDate] });
    }

    it('accept, retry in time, take nothing from a host that lives, and all from one that dies', async () => {
      const right = await scene.start('right');
      const ahead = await startShifted('ahead', TEN_MINUTES_MS);
      const behind = await startShifted('behind', -TEN_MINUTES_MS);
      const hosts = [right, ahead, behind];
      const senders = hosts.map((host) => new Sender(() => [host]));
      await Promise.all(senders.map((sender, host) => sender.send({ id: `again-${host}`, neverOnce: true })));
      const sender = new Sender(() => scene.running, 20);
      sender.start(4);
      // After two renewals, each host has looked at the others' leases: who misjudges them would take over by now.
      const firstEnd = await earliestEnd(scene);
      const renewedTwice = async () => (await earliestEnd(scene)) > firstEnd + 5_000;
      await until('all have renewed their leases', renewedTwice, 15_000);
      for (const { log } of hosts) expect(log).not.toMatch(/took over|late result|lease was lost/);

      await right.kill();
      const fault = await inFlight(scene.database, right);
      await until('the dead host is given up', async () => (await leasesOf(scene)).length === 2, 15_000);
      await sender.stop();

      const accepted = new Map([sender, ...senders].flatMap(({ eventIds }) => [...eventIds]));
      const ledger = await balance(scene.database, accepted, scene.receiver, [fault]);
      expect(ledger).toMatchObject(WHOLE);
      expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
      expect(await scene.database('glue_rejections').select('cause')).toEqual([]);
      for (const host of hosts.keys()) {
        const row = await scene
          .database('glue_events')
          .where({ delivery_key: `again-${host}` })
          .first();
        const tookMs = Number(row.finished_at) - Number(row.received_at);
        expect(tookMs).toBeGreaterThanOrEqual(RETRY_MS - 100);
        expect(tookMs).toBeLessThan(RETRY_MS + LATE_MS);
      }
    }, 90_000);

    it.each([TEN_MINUTES_MS, -TEN_MINUTES_MS])(
      'go on, and do nothing twice, when the clock is set by %i ms while they work',
      async (shiftMs) => {
        const [right, set] = [await scene.start('right'), await startShifted('set', shiftMs, SET_AFTER_MS)];
        const startedAt = Date.now();
        const [toSet, sender] = [new Sender(() => [set]), new Sender(() => scene.running, 20)];
        sender.start(4);
        await until('its clock is set', () => Date.now() > startedAt + SET_AFTER_MS, SET_AFTER_MS * 2);
        await toSet.send({ id: 'afterwards', neverOnce: true });
        await until('it is done', () => scene.receiver.accepted.has('afterwards'), 15_000);
        await sender.stop();
        const accepted = new Map([...sender.eventIds, ...toSet.eventIds]);
        const ledger = await balance(scene.database, accepted, scene.receiver);
        expect(ledger).toMatchObject({ ...WHOLE, repeated: 0 });
        expect(await scene.database('glue_rejections').select('cause')).toEqual([]);
        for (const { log } of [right, set]) expect(log).not.toMatch(/took over|late result|lease was lost/);
      },
      60_000,
    );
  },
);

async function leasesOf({ database }: Scene): Promise<number[]> {
  const rows = await database<{ lease_until: number }>('glue_hosts').select('lease_until');
  return rows.map(({ lease_until }) => Number(lease_until));
}

const earliestEnd = async (scene: Scene): Promise<number> => Math.min(...(await leasesOf(scene)));
