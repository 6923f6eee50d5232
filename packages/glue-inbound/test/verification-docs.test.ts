import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { hmacPresetNames } from 'glue-core';
import { verificationSchema } from '../src/endpoint/verification.js';

const docs = readFileSync(path.join(import.meta.dirname, '../../../docs/connectors.md'), 'utf8');
const [section = ''] = docs.split('## Verification\n').slice(1).join('').split('\n## ');
const examples = [
  ...[...section.matchAll(/`(\{ "mode".*?\})` *\|/g)].map(([, text]) => text ?? ''),
  ...[...section.matchAll(/```json\n([^]*?)```/g)].map(([, text]) => text ?? ''),
];
const modes = verificationSchema.options.map((option) => {
  const { shape } = 'in' in option ? option.in : option;
  return shape.mode.value;
});

describe('the documentation of verification', () => {
  it('has an example of every mode', () => {
    const shown = examples.map((text) => (JSON.parse(text) as { mode: string }).mode);
    expect([...new Set(shown)]).toEqual(modes);
  });

  it.each(examples)('shows what can be written: %s', (text) => {
    expect(verificationSchema.safeParse(JSON.parse(text)).error).toBeUndefined();
  });

  it('names every preset', () => {
    const named = [...section.matchAll(/^\| `([\w-]+)` +\| `X?-?[A-Z]/gm)].map(([, name]) => name);
    expect(named).toEqual(hmacPresetNames);
  });
});
