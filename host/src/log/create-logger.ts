import type { Logger } from 'glue-core';
import { pino } from 'pino';
import { build as prettyStream } from 'pino-pretty';

export interface LoggerOptions {
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** @defaultValue whether stderr is a terminal */
  readonly pretty?: boolean;
  /** The host's name, on every line. */
  readonly host: string;
  /** Where lines go: a file descriptor or a path. @defaultValue stderr */
  readonly dest?: number | string;
}

/** Lines that could not be written wait up to this length, to be tried again with the next. */
const MAX_WAITING_LENGTH = 1024 * 1024;

/** The host's log: one JSON object a line, or lines for people. To stderr: stdout is for what a command was asked for. */
export function createLogger({
  level,
  host,
  pretty = process.stderr.isTTY,
  dest = 2,
}: LoggerOptions): Logger {
  // A disk that is full, or a reader that has gone, must not end the host: such lines are lost, beyond some that wait.
  const output = pino.destination({ dest, sync: true, maxLength: MAX_WAITING_LENGTH });
  output.on('error', () => {});
  const destination = pretty
    ? prettyStream({ destination: output, ignore: 'pid,host', translateTime: 'HH:MM:ss.l' })
    : output;
  return pino({ level, base: { pid: process.pid, host } }, destination);
}
