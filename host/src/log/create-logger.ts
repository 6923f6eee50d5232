import type { Logger } from 'glue-core';
import { pino } from 'pino';
import { build as prettyStream } from 'pino-pretty';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** @defaultValue whether stderr is a terminal */
  readonly pretty?: boolean;
  /** The host's name, on every line. */
  readonly host: string;
}

/** The host's log: one JSON object a line, or lines for people. To stderr: stdout is for what a command was asked for. */
export function createLogger({ level, host, pretty = process.stderr.isTTY }: LoggerOptions): Logger {
  const destination = pretty
    ? prettyStream({ destination: 2, sync: true, ignore: 'pid,host', translateTime: 'HH:MM:ss.l' })
    : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: { pid: process.pid, host } }, destination);
}
