import { silentLogger } from 'glue-core';
import type { HostConfig } from '../config/config-schema.js';
import { systemEnvironment } from '../config/environment.js';
import { loadConfig } from '../config/load-config.js';
import { install, reachDatabase, refuseOldSchema, type Installation } from '../installation.js';
import { createLogger } from '../log/create-logger.js';
import { importSides } from '../sides/import-sides.js';

/** Options that every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly verbose?: boolean;
}

/** @throws GLUE_CONFIG_NOT_FOUND, GLUE_CONFIG_INVALID */
export async function readConfig({ config }: CommonOptions): Promise<HostConfig> {
  const { inbound, outbound } = await importSides();
  return loadConfig({
    ...(config !== undefined && { file: config }),
    environment: systemEnvironment(),
    ...(inbound && { inbound: inbound.inboundConfigSchema }),
    ...(outbound && { outbound: outbound.outboundConfigSchema }),
  });
}

/**
 * Opens what the host consists of, does something with it, and closes it. Nothing is started; a connector that fails
 * to load does not keep people from looking at the rest.
 */
export async function withInstallation<T>(
  options: CommonOptions,
  work: (installation: Installation) => Promise<T>,
): Promise<T> {
  const config = await readConfig(options);
  const opened = await reachDatabase(config);
  try {
    await refuseOldSchema(opened);
    const lenient = { ...config, connectors: { ...config.connectors, lenient: true } };
    const logger = options.verbose
      ? createLogger({ ...config.log, level: 'debug', host: config.host.name })
      : silentLogger;
    const installation = await install(lenient, opened, { logger });
    await installation.changeFeed.look();
    // What is written here goes by the time that the hosts share.
    await installation.lease.readTime();
    return await work(installation);
  } finally {
    await opened.database.destroy();
  }
}
