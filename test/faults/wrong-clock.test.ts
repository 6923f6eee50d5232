import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { balance } from './support/ledger.js';
import { describeFaults, type Scene } from './support/scene.js';
import { post, Sender } from './support/sender.js';
import { until } from './support/until.js';

const shiftDate = resolve('test/faults/support/shift-date.mjs');
const TEN_MINUTES_MS = 600_000;

describeFaults('a host whose clock is wrong, beside one whose clock is right', (openScene) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  it.each([
    ['ahead', TEN_MINUTES_MS],
    ['behind', -TEN_MINUTES_MS],
  ])(
    'ten minutes %s: accepts, retries in time, and takes nothing from the other',
    async (_word, shiftMs) => {
      const right = await scene.start('right');
      const environment = { GLUE_TEST_SHIFT_MS: String(shiftMs) };
      const wrong = await scene.start('wrong', { environment, imports: [shiftDate] });
      for (const [index, host] of [right, wrong].entries())
        expect((await post(host.url, { id: `again${index}`, neverOnce: true })).status).toBe(202);
      const sender = new Sender(() => scene.running, 20);
      sender.start(4);
      // After two renewals, each host has looked at the other's lease: who misjudges it would take over by now.
      const leases = () => scene.database<{ lease_until: number }>('glue_hosts').min({ at: 'lease_until' });
      const [first] = await leases();
      const renewedTwice = async () => Number((await leases())[0]?.at) > Number(first?.at) + 5_000;
      await until('both have renewed their leases', renewedTwice, 15_000);
      await sender.stop();
      const accepted = new Set([...sender.accepted, 'again0', 'again1']);
      const ledger = await balance(scene.database, accepted, scene.receiver);
      expect(ledger).toMatchObject({ lost: [], undelivered: [], stuck: 0, repeated: 0, recordedTwice: 0 });
      expect(await scene.database('glue_rejections').select('cause')).toEqual([]);
      for (const { log } of [right, wrong]) expect(log).not.toMatch(/took over|late result|lease was lost/);
      // The retry: 2 s until the deadline, then 500 ms.
      for (const id of ['again0', 'again1']) {
        const row = await scene.database('glue_events').where({ delivery_key: id }).first();
        const took = Number(row.finished_at) - Number(row.received_at);
        expect(took).toBeGreaterThanOrEqual(2_400);
        expect(took).toBeLessThan(6_000);
      }
    },
    60_000,
  );
});
