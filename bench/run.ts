import { parseArgs } from 'node:util';
import { ENGINE_PARTS, measureEngine } from './engine.ts';
import { measureMemory } from './memory.ts';
import { measureOutbound, OUTBOUND_PARTS } from './outbound.ts';
import { profile, PROFILES } from './profile.ts';
import { removePlaces } from './support/database-places.ts';
import { FULL, QUICK, type Effort } from './support/effort.ts';
import { hardwareLine } from './support/hardware.ts';

const USAGE = `npm run bench -- engine [${ENGINE_PARTS.join('] [')}] [--json] [--quick] [--rounds 3]
npm run bench -- outbound [${OUTBOUND_PARTS.join('] [')}] [--json] [--quick] [--rounds 3]
npm run bench -- memory [--minutes 10]
npm run bench -- profile <name>      (${PROFILES.join(', ')})`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    minutes: { type: 'string', default: '10' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void removePlaces().finally(() => process.exit(1)));
}

function effort(): Effort {
  const chosen = values.quick ? QUICK : FULL;
  return values.rounds === undefined ? chosen : { ...chosen, rounds: Number(values.rounds) };
}

const [command, ...names] = positionals;

function partsOf<Part extends string>(all: readonly Part[]): readonly Part[] {
  if (names.length === 0) return all;
  const unknown = names.find((name) => !all.some((part) => part === name));
  if (unknown !== undefined) throw new Error(`no part "${unknown}": ${all.join(', ')}`);
  return all.filter((part) => names.includes(part));
}

switch (command) {
  case 'engine': {
    console.log(await hardwareLine());
    const figures = await measureEngine(effort(), partsOf(ENGINE_PARTS));
    if (values.json) console.log(`\n${JSON.stringify(figures)}`);
    break;
  }
  case 'outbound': {
    console.log(await hardwareLine());
    const figures = await measureOutbound(effort(), partsOf(OUTBOUND_PARTS));
    if (values.json) console.log(`\n${JSON.stringify(figures)}`);
    break;
  }
  case 'memory':
    console.log(await hardwareLine());
    await measureMemory(Number(values.minutes));
    break;
  case 'profile':
    console.log(await hardwareLine());
    await profile(names[0] ?? '');
    break;
  default:
    console.log(USAGE);
    process.exitCode = 1;
}
