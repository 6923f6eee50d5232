import { systemEnvironment } from '../config/environment.js';

/** Who acts, in the audit log, when a command does. */
export const ACTOR = 'cli';

/** How the person who reads this calls a command of Glue: by the npm script, which brings its Node, or directly. */
export function ownCommand(command: string, config?: string): string {
  const start = systemEnvironment()['npm_lifecycle_event'] === undefined ? 'glue' : 'npm run glue --';
  return `${start} ${command}${config === undefined ? '' : ` --config ${config}`}`;
}
