import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from '@jest/globals';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';

const docs = readFileSync(path.join(import.meta.dirname, '../../../../docs/connectors.md'), 'utf8');
const [, section = ''] = docs.split('## Configuration of an outbound endpoint\n');
const [table = ''] = section.split('| key of `config`').slice(1, 2).join('').split('\n\n');

it('the documentation of an outbound configuration has every key, and no other', () => {
  const named = [...table.matchAll(/^\| `(\w+)`/gm)].map(([, key]) => key);
  expect(named).toEqual(Object.keys(outboundEndpointConfigSchema.shape));
});
