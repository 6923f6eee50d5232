export { createHost, type Host } from './host.js';
export { stopOnSignals } from './stop-on-signals.js';
export type { Installation, InstallationOptions } from './installation.js';
export type { HostConfig, HostConfigInput } from './config/config-schema.js';
export { systemEnvironment, type Environment } from './config/environment.js';
export {
  loadConfig,
  parseConfig,
  type LoadConfigOptions,
  type ParseConfigOptions,
} from './config/load-config.js';
export { AgendaClock, type AgendaClockOptions } from './clock/agenda-clock.js';
