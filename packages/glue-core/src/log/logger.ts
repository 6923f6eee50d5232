import type { InjectionToken } from '../di.js';

/** The part of pino that Glue uses. Fields first, then a message; never a secret, header or body. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  child(fields: Record<string, unknown>): Logger;
}

export const LOGGER: InjectionToken<Logger> = Symbol('glue:logger');

/** Says nothing; for tests and for somebody's own app without a logger. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  child: () => silentLogger,
};
