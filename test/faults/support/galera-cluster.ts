import { join } from 'node:path';
import { freePort } from './free-port.js';
import { MariadbServer, type AskServer } from './mariadb-server.js';

/** Path of `libgalera_smm.so`; a test that needs a cluster is skipped where this is not set. */
export const GALERA = process.env['GLUE_TEST_GALERA'];

/** How the nodes of one cluster reach each other. */
interface NodePorts {
  readonly group: number;
  readonly ist: number;
  readonly sst: number;
}

const GALERA_OPTIONS = [
  '--wsrep-on=ON',
  '--wsrep-cluster-name=glue',
  '--wsrep-sst-method=rsync',
  '--binlog-format=ROW',
  '--innodb-autoinc-lock-mode=2',
];

/** A MariaDB Galera Cluster of the test's own, all nodes on loopback. */
export class GaleraCluster {
  private constructor(readonly nodes: readonly MariadbServer[]) {}

  /** Starts the nodes: the first makes the cluster, the others join it and copy its data, one after the other. */
  static async start(size = 3): Promise<GaleraCluster> {
    const ports: NodePorts[] = [];
    for (let node = 0; node < size; node += 1)
      ports.push({ group: await freePort(), ist: await freePort(), sst: await freePort() });
    const nodes: MariadbServer[] = [];
    const cluster = new GaleraCluster(nodes);
    try {
      for (let node = 0; node < size; node += 1) nodes.push(await createNode(ports, node));
      for (const [index, node] of nodes.entries())
        await node.start(index === 0 ? ['--wsrep-new-cluster'] : []);
    } catch (error) {
      await cluster.remove();
      throw error;
    }
    return cluster;
  }

  node(index: number): MariadbServer {
    const node = this.nodes[index];
    if (!node) throw new Error(`the cluster has ${this.nodes.length} nodes; there is no node ${index}`);
    return node;
  }

  /**
   * Starts a node that was stopped or killed again, as Debian's service does: it looks first how far its own data go,
   * so that it asks the others only for what it missed (IST), or for everything (SST) where that is not known.
   */
  async restart(index: number): Promise<void> {
    const node = this.node(index);
    const recovery = await node.runOnce([
      '--wsrep-recover',
      '--disable-log-error',
      `--socket=${join(node.folder, 'recover.sock')}`,
    ]);
    const position = /Recovered position:\s*(\S+)/.exec(recovery)?.[1];
    await node.start(position === undefined ? [] : [`--wsrep-start-position=${position}`]);
  }

  async remove(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.remove()));
  }
}

function createNode(ports: readonly NodePorts[], index: number): Promise<MariadbServer> {
  const own = ports[index];
  if (!own || GALERA === undefined) throw new Error('GLUE_TEST_GALERA is not set');
  const members = ports.map(({ group }) => `127.0.0.1:${group}`).join(',');
  const provider = {
    'gmcast.listen_addr': `tcp://127.0.0.1:${own.group}`,
    'ist.recv_addr': `127.0.0.1:${own.ist}`,
    'gcache.size': '32M',
  };
  return MariadbServer.create({
    install: index === 0,
    isReady: isSynced,
    args: [
      ...GALERA_OPTIONS,
      `--wsrep-provider=${GALERA}`,
      `--wsrep-cluster-address=gcomm://${members}`,
      `--wsrep-node-name=node-${index}`,
      `--wsrep-node-address=127.0.0.1:${own.group}`,
      `--wsrep-sst-receive-address=127.0.0.1:${own.sst}`,
      `--wsrep-provider-options=${Object.entries(provider)
        .map(([key, value]) => `${key}=${value}`)
        .join(';')}`,
    ],
  });
}

/** Whether a node has all data and takes statements: what operators' health checks ask. */
export async function isSynced(ask: AskServer): Promise<boolean> {
  const [row] = await ask("SHOW STATUS LIKE 'wsrep_local_state_comment'");
  return row?.['Value'] === 'Synced';
}
