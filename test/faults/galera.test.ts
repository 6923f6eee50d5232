import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { balance, inFlight, WHOLE } from './support/ledger.js';
import { GALERA, GaleraCluster } from './support/galera-cluster.js';
import { HAPROXY, Haproxy } from './support/haproxy.js';
import type { HostProcess } from './support/host-process.js';
import { MARIADBD } from './support/mariadb-server.js';
import { Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

const NODES = [0, 1, 2] as const;
const missing = Object.entries({ MARIADBD, GALERA, HAPROXY })
  .filter(([, program]) => program === undefined)
  .map(([name]) => `GLUE_TEST_${name}`);
const describeCluster = missing.length > 0 ? describe.skip : describe;

describeCluster(
  `a three-node Galera cluster${missing.length > 0 ? ` (skipped: ${missing.join(', ')} not set)` : ''}`,
  () => {
    let cluster: GaleraCluster;
    let scene: Scene;
    let haproxy: Haproxy | undefined;

    beforeAll(async () => {
      cluster = await GaleraCluster.start();
    }, 120_000);
    afterEach(async () => {
      await scene.close();
      await haproxy?.remove();
      haproxy = undefined;
    });
    afterAll(() => cluster.remove(), 60_000);

    /** Events are accepted, and go on being accepted. */
    async function goesOn(sender: Sender): Promise<void> {
      const before = sender.accepted.size;
      await until('events are accepted', () => sender.accepted.size > before + 150, 40_000);
    }

    it('with a host on each node, all started at once: work is shared; a node killed (-9) loses nothing', async () => {
      scene = await Scene.open(cluster.node(0).url(''));
      const hosts = await Promise.all(
        NODES.map((node) => scene.start(`host${node}`, scene.throughPort(cluster.node(node).port))),
      );
      const sender = new Sender(() => scene.running, 5);
      sender.start();
      await goesOn(sender);

      // The test looks at node 0, so another one is killed; its host stays, without a database.
      const fault = await inFlight(scene.database);
      await cluster.node(2).kill();
      await goesOn(sender);
      await until('the lease of its host has run out', async () => (await incarnations()) === 2, 20_000);
      await cluster.restart(2);
      await until('its host works again', async () => (await incarnations()) === 3, 40_000);
      await goesOn(sender);
      await sender.stop();

      const owners = await scene.database('glue_event_attempts').distinct('owner');
      expect(owners.length).toBeGreaterThanOrEqual(hosts.length);
      const ledger = await balance(scene.database, sender.accepted, scene.receiver, [fault]);
      expect(ledger).toMatchObject(WHOLE);
      expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
    }, 180_000);

    it.each(['writerPort', 'spreadPort'] as const)(
      'behind haproxy (%s): a node killed (-9) loses nothing',
      async (port) => {
        haproxy = await Haproxy.start(cluster.nodes);
        scene = await Scene.open(cluster.node(1).url(''));
        const hosts: HostProcess[] = [];
        for (const name of ['one', 'two'])
          hosts.push(await scene.start(name, scene.throughPort(haproxy[port])));
        const sender = new Sender(() => scene.running, 5);
        sender.start();
        await goesOn(sender);
        const fault = await inFlight(scene.database);
        await cluster.node(0).kill();
        await goesOn(sender);
        await cluster.restart(0);
        await goesOn(sender);
        await sender.stop();
        const ledger = await balance(scene.database, sender.accepted, scene.receiver, [fault]);
        expect(ledger).toMatchObject(WHOLE);
        expect(ledger.slowestRecoveryMs).toBeLessThan(15_000);
        expect(hosts.every(({ isRunning }) => isRunning)).toBe(true);
      },
      180_000,
    );

    async function incarnations(): Promise<number> {
      return (await scene.database('glue_hosts').select('incarnation')).length;
    }
  },
);
