import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { systemProcesses } from '../src/work/process-mark.js';

const BOOT = '0e0b4c9e-54a7-4f0c-9d4f-3a0c6c3e8a11';
const OTHER_BOOT = '7f1ce2a0-9d59-4a5e-8f5c-1b6f0a6f2b22';
const NAMESPACE = 'pid:[4026531836]';

describe('the mark of a process', () => {
  const folders: string[] = [];
  afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

  function statOf(pid: number, started: number, { name = 'node', state = 'S' } = {}): string {
    return [pid, `(${name})`, state, ...Array.from({ length: 18 }, (_, n) => n), started, 0, 0].join(' ');
  }

  /** A folder that looks like `/proc` of a container. */
  function makeProc(stats: Readonly<Record<number, string>>, { boot = BOOT, namespace = NAMESPACE } = {}) {
    const folder = mkdtempSync(join(tmpdir(), 'glue-proc-'));
    folders.push(folder);
    for (const [name, stat] of Object.entries({ self: stats[process.pid], ...stats })) {
      mkdirSync(join(folder, name, 'ns'), { recursive: true });
      if (stat !== undefined) writeFileSync(join(folder, name, 'stat'), stat);
      symlinkSync(namespace, join(folder, name, 'ns', 'pid'));
    }
    mkdirSync(join(folder, 'sys/kernel/random'), { recursive: true });
    writeFileSync(join(folder, 'sys/kernel/random/boot_id'), `${boot}\n`);
    return folder;
  }

  const ownStat = { [process.pid]: statOf(process.pid, 500) };
  const markOf = (started: number, boot = BOOT, namespace = NAMESPACE) => `${boot} ${namespace} ${started}`;

  it.each([
    ['the same process', statOf(41, 100), markOf(100), 'running'],
    ['another that has got its id', statOf(41, 300), markOf(100), 'dead'],
    ['one whose parent has not yet asked how it ended', statOf(41, 100, { state: 'Z' }), markOf(100), 'dead'],
    [
      'one with a name that looks like fields',
      statOf(41, 100, { name: 'a) S 1 (b' }),
      markOf(100),
      'running',
    ],
    ['one of another boot, or machine', statOf(41, 100), markOf(100, OTHER_BOOT), 'unknown'],
    ['one of another container', statOf(41, 100), markOf(100, BOOT, 'pid:[4026532999]'), 'unknown'],
    ['one that is no more', 'nothing', markOf(100), 'dead'],
    ['one of a host that knew no marks', statOf(41, 100), null, 'unknown'],
  ] as const)('tells what became of %s', (_what, stat, mark, fate) => {
    // No process of this machine can have such an id.
    const pid = 41_000_000;
    const proc = makeProc({ ...ownStat, [pid]: stat.replace(/^41 /, `${pid} `) });
    expect(systemProcesses(proc).fateOf(pid, mark)).toBe(fate);
  });

  it('is that of no other process: where, and when it started', () => {
    const { own, fateOf } = systemProcesses(makeProc(ownStat));
    expect(own).toBe(markOf(500));
    expect(fateOf(process.pid, own)).toBe('running');
  });

  it.each([
    ['the system tells nothing', () => '/nowhere'],
    ['/proc is that of another namespace', () => makeProc({ [process.pid]: statOf(1, 500) })],
  ])('knows nothing of others where %s', (_what, proc) => {
    const { own, fateOf } = systemProcesses(proc());
    expect(fateOf(process.pid, own)).toBe('running');
    expect(fateOf(41_000_000, markOf(100))).toBe('unknown');
    expect(systemProcesses(proc()).own).toBe(own);
  });

  it('tells of real processes', async () => {
    const child = spawn(process.execPath, ['-e', 'process.stdin.resume()']);
    const { own, fateOf } = systemProcesses();
    const place = own.slice(0, own.lastIndexOf(' '));
    const ended = new Promise((resolve) => child.once('exit', resolve));
    const pid = child.pid ?? 0;
    expect(fateOf(pid, `${place} 1`)).toBe(process.platform === 'linux' ? 'dead' : 'unknown');
    child.kill('SIGKILL');
    await ended;
    expect(fateOf(pid, `${place} 1`)).toBe(process.platform === 'linux' ? 'dead' : 'unknown');
    expect(own.length).toBeLessThanOrEqual(190);
  });
});
