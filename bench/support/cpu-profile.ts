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
  /** A frame and those that called it, from the inside out. */
  const stackOf = (id: number): Frame[] => {
    const frame = frames.get(id);
    const parent = parents.get(id);
    return frame ? [frame, ...(parent === undefined ? [] : stackOf(parent))] : [];
  };
  const stacks = new Map(nodes.map(({ id }) => [id, stackOf(id)]));
  const [packages, functions, callers] = [new Tally(), new Tally(), new Tally()];
  samples.forEach((id, index) => {
    const stack = stacks.get(id) ?? [];
    if (stack[0]?.functionName === '(idle)') return;
    const time = timeDeltas[index] ?? 0;
    packages.add(packageOf(stack), time);
    functions.add(functionOf(stack), time);
    callers.add(callerOf(stack), time);
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

type Frame = Profiler.ProfileNode['callFrame'];
type Stack = readonly Frame[];

/** The nearest of Glue's own functions; where promises have cut the way there, the package. */
function callerOf(stack: Stack): string {
  const ours = stack.find(
    ({ url }) => /\/(packages|host|bench)\//.test(url) && !url.includes('/node_modules/'),
  );
  return ours ? nameOf(ours) : `(${packageOf(stack)})`;
}

/** Native code says only what it does, so who called it is named with it. */
function functionOf(stack: Stack): string {
  const [frame] = stack;
  if (!frame || frame.url !== '' || isOfV8(frame)) return frame ? nameOf(frame) : '';
  const caller = stack.find(({ url }) => url !== '');
  return `native ${frame.functionName}${caller ? ` for ${nameOf(caller)}` : ''}`;
}

function packageOf(stack: Stack): string {
  const [frame] = stack;
  if (!frame || isOfV8(frame)) return frame?.functionName ?? '';
  const caller = stack.find(({ url }) => url !== '');
  if (!caller) return '(native code)';
  return frame === caller ? packageNameOf(caller.url) : `native code for ${packageNameOf(caller.url)}`;
}

/** `(garbage collector)`, `(program)`, … */
function isOfV8({ url, functionName }: Frame): boolean {
  return url === '' && functionName.startsWith('(') && functionName !== '(anonymous)';
}

/** `glue-core`, `knex`, `node:net` */
function packageNameOf(url: string): string {
  const vendor = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*\/node_modules\/)/.exec(url)?.[1];
  return vendor ?? /\/([^/]+)\/(?:dist|children|support|connector)\//.exec(url)?.[1] ?? url;
}

/** `writeGroup  glue-core settle-work.js:54` */
function nameOf({ url, functionName, lineNumber }: Frame): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  if (url === '') return name;
  if (url.startsWith('node:')) return `${name}  ${url}:${lineNumber + 1}`;
  return `${name}  ${packageNameOf(url)} ${url.split('/').at(-1)}:${lineNumber + 1}`;
}
