/* eslint no-console: off -- what a command writes is what is looked at */
import { createProgram } from '../../src/cli/main.js';

/** What a command wrote, and what it threw. */
export interface RanCommand {
  readonly out: string;
  readonly error: unknown;
}

/** Runs one command line of Glue in this process, with a config file. */
export async function runCommand(file: string, ...parameters: string[]): Promise<RanCommand> {
  const lines: string[] = [];
  const { log } = console;
  console.log = (line = '') => void lines.push(String(line));
  try {
    await createProgram().parseAsync(['node', 'glue', '--config', file, ...parameters]);
    return { out: lines.join('\n'), error: undefined };
  } catch (error) {
    return { out: lines.join('\n'), error };
  } finally {
    console.log = log;
  }
}
