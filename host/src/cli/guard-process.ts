import { loggedError } from 'glue-core';
import type { Host } from '../host.js';

/**
 * Keeps a stray rejection of a connector from ending the process: it harms only its own work. A stray exception
 * leaves things in a state that nobody knows, so the host stops in order; work is kept and goes on at the next start.
 */
export function guardProcess(host: Host): void {
  const { logger } = host.installation;
  process.on('unhandledRejection', (error) =>
    logger.error(loggedError(error), 'a promise was rejected and nobody listened'),
  );
  process.once('uncaughtException', (error) => {
    logger.error(loggedError(error), 'an exception nobody caught; the host stops');
    void host.stop().then(() => process.exit(1));
  });
}
