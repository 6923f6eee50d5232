import { parseConfig } from '../config/load-config.js';
import type { HostConfig } from '../config/config-schema.js';
import { importSides } from '../sides/import-sides.js';

/** The configuration of the demo's host: SQLite in a throw-away folder, any free port, the stand-in allowed. */
export async function demoConfig(dataFolder: string): Promise<HostConfig> {
  const { inbound, outbound } = await importSides();
  const content = {
    host: { name: 'demo', port: 0 },
    dataFolder,
    connectors: { enabled: ['stripe'], egress: { stripe: ['127.0.0.1'] } },
    outbound: { allow: { cidrs: ['127.0.0.1/32'] } },
    log: { level: 'silent' },
    stop: { deadlineSeconds: 5 },
  };
  return parseConfig(content, {
    baseFolder: process.cwd(),
    environment: {},
    ...(inbound && { inbound: inbound.inboundConfigSchema }),
    ...(outbound && { outbound: outbound.outboundConfigSchema }),
  });
}
