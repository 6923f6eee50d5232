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

    function startShifted(name: string, shiftMs: number): Promise<HostProcess> {
      const environment = { GLUE_TEST_SHIFT_MS: String(shiftMs) };
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
  },
);

async function leasesOf({ database }: Scene): Promise<number[]> {
  const rows = await database<{ lease_until: number }>('glue_hosts').select('lease_until');
  return rows.map(({ lease_until }) => Number(lease_until));
}

const earliestEnd = async (scene: Scene): Promise<number> => Math.min(...(await leasesOf(scene)));
