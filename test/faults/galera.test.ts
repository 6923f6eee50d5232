import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { databaseConfigSchema, inTransaction, openDatabase, rowsOf } from 'glue-core';
import { balance, inFlight, WHOLE } from './support/ledger.js';
import { GALERA, GaleraCluster, isSynced } from './support/galera-cluster.js';
import { HAPROXY, Haproxy } from './support/haproxy.js';
import type { HostProcess } from './support/host-process.js';
import { MARIADBD } from './support/mariadb-server.js';
import { Scene } from './support/scene.js';
import { schemaOf, type Schema } from './support/schema-of.js';
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

    it('reads on one node at once what was committed on another', async () => {
      scene = await Scene.open(cluster.node(0).url(''));
      const { database: config } = scene.throughPort(cluster.node(1).port).config ?? {};
      const other = openDatabase(databaseConfigSchema.parse(config));
      try {
        await scene.database.schema.createTable('notes', (table) => void table.integer('id').primary());
        let missed = 0;
        for (let id = 1; id <= 500; id += 1) {
          await scene.database('notes').insert({ id });
          if ((await other('notes').where({ id })).length === 0) missed += 1;
        }
        expect(missed).toBe(0);
        expect(rowsOf(await other.raw('SELECT @@wsrep_sync_wait AS mask'))).toEqual([{ mask: 7 }]);
      } finally {
        await other.destroy();
      }
    }, 30_000);

    it('migrated from all nodes at once, one migrator killed (-9): has the same schema as from one', async () => {
      const schemas: Schema[] = [];
      for (const tablesAtKill of [undefined, 3, 8]) {
        scene = await Scene.open(cluster.node(0).url(''));
        const nodes = tablesAtKill === undefined ? NODES.slice(0, 1) : NODES;
        const migrators = nodes.map((node) =>
          scene.launch(`host${node}`, { ...scene.throughPort(cluster.node(node).port), command: 'migrate' }),
        );
        if (tablesAtKill !== undefined) {
          const isHalfway = async (): Promise<boolean> => (await tables()) >= tablesAtKill;
          await until('it is halfway', isHalfway, 20_000);
          await migrators[2]?.kill();
        }
        const endings = await Promise.all(migrators.map(({ ended }) => ended));
        expect(endings.slice(0, 2).map(({ code }) => code)).toEqual(nodes.slice(0, 2).map(() => 0));
        schemas.push(await schemaOf(scene.database));
        if (tablesAtKill !== 8) await scene.close();
      }
      expect(schemas[0]?.columns.length).toBeGreaterThan(50);
      for (const schema of schemas.slice(1)) expect(schema).toEqual(schemas[0]);
    }, 90_000);

    async function tables(): Promise<number> {
      const counted: unknown = await scene.database.raw(
        'SELECT COUNT(*) AS n FROM information_schema.tables WHERE table_schema = DATABASE()',
      );
      return Number(rowsOf<{ n: number }>(counted)[0]?.n);
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
      await cluster.node(2).kill();
      const fault = await inFlight(scene.database);
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
        await cluster.node(0).kill();
        const fault = await inFlight(scene.database);
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

    it('that loses its majority in the middle of a transaction: both rows are on all nodes, or none', async () => {
      scene = await Scene.open(cluster.node(0).url(''));
      const { database } = scene;
      for (const name of ['events', 'payloads'])
        await database.schema.createTable(name, (table) => void table.integer('id').primary());
      const others = [cluster.node(1), cluster.node(2)];
      let runs = 0;
      const append = (id: number) =>
        inTransaction(database, async (trx) => {
          runs += 1;
          await trx('events').insert({ id });
          if (runs === 1) {
            for (const node of others) node.standStill();
            await until('the majority is lost', async () => !(await isPrimary()), 20_000);
          }
          await trx('payloads').insert({ id });
        });
      try {
        await expect(append(1)).rejects.toMatchObject({ code: 'GLUE_DATABASE_UNAVAILABLE' });
      } finally {
        for (const node of others) node.goOn();
      }
      await until('the cluster is whole', areSynced, 40_000);
      // The BEGIN of whoever had the same connection next would commit what it has open.
      await append(2);
      for (const { port } of cluster.nodes) {
        const { database: config } = scene.throughPort(port).config ?? {};
        const node = openDatabase(databaseConfigSchema.parse(config));
        for (const name of ['events', 'payloads']) expect(await node(name)).toEqual([{ id: 2 }]);
        await node.destroy();
      }
    }, 90_000);

    async function areSynced(): Promise<boolean> {
      return (await Promise.all(cluster.nodes.map(({ ask }) => isSynced(ask)))).every(Boolean);
    }

    async function isPrimary(): Promise<boolean> {
      const [row] = await cluster.node(0).ask("SHOW STATUS LIKE 'wsrep_cluster_status'");
      return row?.['Value'] === 'Primary';
    }

    async function incarnations(): Promise<number> {
      return (await scene.database('glue_hosts').select('incarnation')).length;
    }
  },
);
