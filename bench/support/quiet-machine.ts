import { cpus } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 500;
/** Share of the CPUs' time that others may use. */
const QUIET = 0.1;
/** After this it is measured all the same, in milliseconds. */
const PATIENCE_MS = 4_000;

/** Waits until the machine does nothing else, so that a measurement is not one of its neighbours. */
export async function quietMachine(): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS;
  for (let quiet = 0; quiet < 2 && Date.now() < giveUpAt;)
    quiet = (await busyShare()) < QUIET ? quiet + 1 : 0;
}

async function busyShare(): Promise<number> {
  const before = times();
  await sleep(LOOK_MS);
  const after = times();
  const all = after.all - before.all;
  return all === 0 ? 0 : 1 - (after.idle - before.idle) / all;
}

function times(): { all: number; idle: number } {
  let [all, idle] = [0, 0];
  for (const cpu of cpus()) {
    for (const each of Object.values(cpu.times)) all += each;
    idle += cpu.times.idle;
  }
  return { all, idle };
}
