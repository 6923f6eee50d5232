import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { authenticationSchema } from '../../src/endpoint/authentication.js';

const docs = readFileSync(path.join(import.meta.dirname, '../../../../docs/connectors.md'), 'utf8');
const [section = ''] = docs.split('## Authentication\n').slice(1).join('').split('\n## ');
const examples = [
  ...[...section.matchAll(/`(\{ "mode".*?\})` *\|/g)].map(([, text]) => text ?? ''),
  ...[...section.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text ?? ''),
];
const modes = authenticationSchema.unwrap().options.map(({ shape }) => shape.mode.value);

describe('the documentation of authentication', () => {
  it('has an example of every mode', () => {
    const shown = examples.map((text) => (JSON.parse(text) as { mode: string }).mode);
    expect([...new Set(shown)]).toEqual(modes);
  });

  it.each(examples)('shows what can be written: %s', (text) => {
    expect(authenticationSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
  });
});
