import { Session, type Profiler } from 'node:inspector/promises';

/** Self time by where it was spent, in percent of the time that the CPU was busy. */
export interface ProfileSummary {
  readonly byPackage: readonly ProfileLine[];
  readonly byFunction: readonly ProfileLine[];
  /** Charged to the nearest of Glue's own functions that called for it. */
  readonly byCaller: readonly ProfileLine[];
}

export interface ProfileLine {
  readonly name: string;
  readonly percent: number;
}

/** Starts a CPU profile of this process; the answer stops it. */
export async function startProfile(): Promise<() => Promise<ProfileSummary>> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 250 });
  await session.post('Profiler.start');
  return async () => {
    const { profile } = await session.post('Profiler.stop');
    session.disconnect();
    return summaryOf(profile);
  };
}

const TOP = 25;

function summaryOf({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): ProfileSummary {
  const parents = new Map(
    nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id] as const)),
  );
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const [packages, functions, callers] = [new Tally(), new Tally(), new Tally()];
  samples.forEach((id, index) => {
    const frame = frames.get(id);
    if (!frame || frame.functionName === '(idle)') return;
    const time = timeDeltas[index] ?? 0;
    packages.add(packageOf(frame), time);
    functions.add(nameOf(frame), time);
    callers.add(callerOf(id, frames, parents), time);
  });
  return { byPackage: packages.top(TOP), byFunction: functions.top(TOP), byCaller: callers.top(TOP) };
}

class Tally {
  readonly #times = new Map<string, number>();
  #all = 0;

  add(name: string, time: number): void {
    this.#times.set(name, (this.#times.get(name) ?? 0) + time);
    this.#all += time;
  }

  top(length: number): ProfileLine[] {
    return [...this.#times]
      .sort(([, a], [, b]) => b - a)
      .slice(0, length)
      .map(([name, time]) => ({ name, percent: (100 * time) / this.#all }));
  }
}

type Frame = Profiler.ProfileNode['callFrame'] | undefined;

function callerOf(start: number, frames: Map<number, Frame>, parents: Map<number, number>): string {
  for (let id: number | undefined = start; id !== undefined; id = parents.get(id)) {
    const frame = frames.get(id);
    if (frame && isOurs(frame.url)) return nameOf(frame);
  }
  const frame = frames.get(start);
  return frame ? `(${packageOf(frame)})` : '(unknown)';
}

function isOurs(url: string): boolean {
  return /\/(packages|host|bench)\//.test(url) && !url.includes('/node_modules/');
}

/** `glue-core`, `knex`, `node:net`, `(garbage collector)` */
function packageOf({ url, functionName }: NonNullable<Frame>): string {
  if (url === '') return functionName.startsWith('(') ? functionName : 'V8 and native code';
  const vendor = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
  return vendor ?? /\/(?:packages\/)?([^/]+)\/(?:dist|children|support|connector)\//.exec(url)?.[1] ?? url;
}

/** `settleWork settle-work.js:54` */
function nameOf({ url, functionName, lineNumber }: NonNullable<Frame>): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  const file = url.startsWith('node:') ? url : url.split('/').slice(-1)[0];
  return `${name}  ${packageOf({ url, functionName } as NonNullable<Frame>)} ${file}:${lineNumber + 1}`;
}
