import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port.js';
import { isSynced } from './galera-cluster.js';
import type { MariadbServer } from './mariadb-server.js';
import { ServerProcess } from './server-process.js';

/** Path of `haproxy`; a test that needs it is skipped where this is not set. */
export const HAPROXY = process.env['GLUE_TEST_HAPROXY'];

/**
 * haproxy before the nodes of a cluster, as operators set it up (see docs/operations.md): one port leads to one node
 * and to the next when that is down, the other to whichever has the fewest connections. Each node's health is asked
 * over HTTP, which `clustercheck` answers elsewhere and this process here.
 */
export class Haproxy {
  private constructor(
    readonly writerPort: number,
    readonly spreadPort: number,
    private readonly folder: string,
    private readonly process: ServerProcess,
    private readonly checks: readonly Server[],
  ) {}

  static async start(nodes: readonly MariadbServer[]): Promise<Haproxy> {
    const [writerPort, spreadPort] = [await freePort(), await freePort()];
    const folder = mkdtempSync(join(tmpdir(), 'glue-haproxy-'));
    const checks = await Promise.all(nodes.map(answerChecks));
    const file = join(folder, 'haproxy.cfg');
    writeFileSync(file, configuration(writerPort, spreadPort, nodes, checks.map(portOf)));
    const process = new ServerProcess({ program: HAPROXY ?? 'haproxy', args: ['-f', file, '-db'] });
    const haproxy = new Haproxy(writerPort, spreadPort, folder, process, checks);
    try {
      await process.start(() => greets(writerPort), 10_000);
    } catch (error) {
      await haproxy.remove();
      throw error;
    }
    return haproxy;
  }

  async remove(): Promise<void> {
    await this.process.kill();
    for (const check of this.checks) check.close().closeAllConnections();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function configuration(
  writerPort: number,
  spreadPort: number,
  nodes: readonly MariadbServer[],
  checkPorts: readonly number[],
): string {
  const server = (index: number, more: string) =>
    `  server node-${index} 127.0.0.1:${nodes[index]?.port} check port ${checkPorts[index]} ${more}`;
  return `
global
  maxconn 2000
defaults
  mode tcp
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  timeout check 2s
  retries 2
  option redispatch
  option httpchk GET /
  option clitcpka
  option srvtcpka
  default-server inter 500ms fall 2 rise 2 on-marked-down shutdown-sessions
listen writer
  bind 127.0.0.1:${writerPort}
${nodes.map((_, index) => server(index, index === 0 ? 'on-marked-up shutdown-backup-sessions' : 'backup')).join('\n')}
listen spread
  bind 127.0.0.1:${spreadPort}
  balance leastconn
${nodes.map((_, index) => server(index, '')).join('\n')}
`;
}

/** Answers 200 while the node is synced, else 503: what `clustercheck` does on each node. */
async function answerChecks(node: MariadbServer): Promise<Server> {
  const server = createServer((_request, response) => {
    void isSynced(node.ask)
      .catch(() => false)
      .then((isUp) => response.writeHead(isUp ? 200 : 503).end());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

/** Whether a MySQL server speaks first on the port. */
function greets(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const answer = (isUp: boolean): void => {
      socket.destroy();
      resolve(isUp);
    };
    socket.setTimeout(1_000, () => answer(false));
    socket.once('data', () => answer(true));
    socket.once('error', () => answer(false));
    socket.once('close', () => answer(false));
  });
}
