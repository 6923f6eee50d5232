import { parseArgs } from 'node:util';
import { measureEngine } from './engine.ts';
import { measureMemory } from './memory.ts';
import { profile, PROFILES } from './profile.ts';
import { removePlaces } from './support/database-places.ts';
import { FULL, QUICK } from './support/effort.ts';
import { hardwareLine } from './support/hardware.ts';

const USAGE = `npm run bench -- engine [--json] [--quick]
npm run bench -- memory [--minutes 10]
npm run bench -- profile <name>      (${PROFILES.join(', ')})`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '10' },
  },
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void removePlaces().finally(() => process.exit(1)));
}

const [command, name = ''] = positionals;
switch (command) {
  case 'engine': {
    console.log(await hardwareLine());
    const figures = await measureEngine(values.quick ? QUICK : FULL);
    if (values.json) console.log(`\n${JSON.stringify(figures)}`);
    break;
  }
  case 'memory':
    console.log(await hardwareLine());
    await measureMemory(Number(values.minutes));
    break;
  case 'profile':
    console.log(await hardwareLine());
    await profile(name);
    break;
  default:
    console.log(USAGE);
    process.exitCode = 1;
}
