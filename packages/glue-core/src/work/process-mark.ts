import { randomUUID } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';

/** What became of a process: `unknown` where it is, or may be, of another machine or container. */
export type ProcessFate = 'running' | 'dead' | 'unknown';

/** Tells processes apart; a process id alone means something within one container, and until it is given out again. */
export interface Processes {
  /** The mark of this process, at most 190 characters; no other process ever bears it. */
  readonly own: string;
  fateOf(pid: number, mark: string | null): ProcessFate;
}

/** Where the system tells nothing about processes: then only this process knows its own mark. */
const unnamed = randomUUID();

/**
 * By Linux' `/proc`: the boot and the process id namespace say where a process id means something, and the start time
 * which process it was given to (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html, field 22).
 */
export function systemProcesses(proc = '/proc'): Processes {
  const place = placeOf(proc);
  const started = place && lookAt(proc, process.pid)?.started;
  const own = place && started ? `${place} ${started}` : unnamed;
  return {
    own,
    fateOf: (pid, mark) => {
      if (mark === own) return 'running';
      if (place === undefined || !mark?.startsWith(`${place} `)) return 'unknown';
      const found = lookAt(proc, pid);
      if (!found) return isThere(pid) ? 'unknown' : 'dead';
      return found.isEnded || `${place} ${found.started}` !== mark ? 'dead' : 'running';
    },
  };
}

/** @returns undefined also where `/proc` belongs to another namespace than our process ids */
function placeOf(proc: string): string | undefined {
  try {
    if (Number(readFileSync(`${proc}/self/stat`, 'utf8').split(' ')[0]) !== process.pid) return undefined;
    const boot = readFileSync(`${proc}/sys/kernel/random/boot_id`, 'utf8').trim();
    return `${boot} ${readlinkSync(`${proc}/self/ns/pid`)}`;
  } catch {
    return undefined;
  }
}

function lookAt(proc: string, pid: number): { started: string; isEnded: boolean } | undefined {
  try {
    const stat = readFileSync(`${proc}/${pid}/stat`, 'utf8');
    // The second field, the name, may hold anything, but for a later bracket.
    const [state = '', ...others] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const started = others[18];
    // A zombie has ended, and its parent has not asked yet how.
    return started === undefined ? undefined : { started, isEnded: state === 'Z' || state === 'X' };
  } catch {
    return undefined;
  }
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}
