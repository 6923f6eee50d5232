import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { endpointSeedSchema } from '../src/seeds/seed-file.js';

const docs = readFileSync(path.join(import.meta.dirname, '../../../docs/connectors.md'), 'utf8');
const [table = ''] = docs.split('| key of a seed').slice(1).join('').split('\n\n');

it('the documentation of seeds has every key, and no other', () => {
  const named = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, key]) => key);
  expect(named).toEqual(Object.keys(endpointSeedSchema.shape));
});
