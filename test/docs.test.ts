import { existsSync, globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, test } from '@jest/globals';
import { schemaKeys } from './config-keys.js';

const root = path.join(import.meta.dirname, '..');
const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

describe('docs/configuration.md', () => {
  const page = read('docs/configuration.md');
  const keys = schemaKeys(read('host/src/config/config-schema.ts'));
  const isGroup = (key: string) => keys.some((other) => other.startsWith(`${key}.`));

  it('is held against the whole schema', () => {
    expect(keys).toEqual(
      expect.arrayContaining(['host.port', 'database.tls.caFile', 'backends[].type', 'outbound.allow.cidrs']),
    );
  });

  test.each(keys)('has a line or a section for %s', (key) => {
    const line = `| \`${key}\` `;
    expect(page.includes(line) || (isGroup(key) && page.includes(`\n## ${key}\n`))).toBe(true);
  });

  const documented = [...page.matchAll(/^\| `([a-z][\w.[\]]*)` /gm)].map(([, key = '']) => key);
  test.each(documented)('documents %s, which exists', (key) => {
    expect(keys).toContain(key);
  });
});

describe('docs/lifecycle.md', () => {
  const files = [...new Set(read('docs/lifecycle.md').match(/\b(?:host|packages)\/[\w/.-]+\.ts\b/g))];

  it('draws both journeys', () => {
    expect(files.length).toBeGreaterThan(25);
  });

  test.each(files)('names %s, which exists', (file) => {
    expect(existsSync(path.join(root, file))).toBe(true);
  });
});

describe('docs/sides.md', () => {
  const columns = ['inbound', 'outbound'] as const;
  /** The rows whose first two cells name files. */
  const rows = read('docs/sides.md')
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .map((line) => line.split('|').slice(1, 3));
  const named = (column: number) =>
    rows.flatMap((cells) =>
      [...(cells[column] ?? '').matchAll(/`([\w/-]+\.ts)`/g)].map(([, file = '']) => file),
    );
  const filesOf = (side: string) =>
    globSync('**/*.ts', { cwd: path.join(root, `packages/glue-${side}/src`) });

  test.each(columns.map((side, at) => [side, at] as const))(
    'has a place for each file of %s, and for no other',
    (side, at) => {
      expect(named(at).sort()).toEqual(filesOf(side).sort());
    },
  );

  test.each(columns.map((side, at) => [side, at] as const))('names each folder of %s', (side, at) => {
    const folders = [...new Set(filesOf(side).map((file) => path.dirname(file)))].filter(
      (folder) => folder !== '.',
    );
    const shown = rows.flatMap((cells) =>
      [...(cells[at] ?? '').matchAll(/`(\w+)\/`/g)].map(([, folder]) => folder),
    );
    expect(shown.sort()).toEqual(folders.sort());
  });

  it('puts files of one name beside each other', () => {
    const outbound = filesOf('outbound');
    const both = filesOf('inbound').filter((file) => outbound.includes(file));
    const beside = rows.filter(([left = '', right = '']) =>
      both.some((file) => left.includes(`\`${file}\``) && right.includes(`\`${file}\``)),
    );
    expect(both.length).toBeGreaterThan(5);
    expect(beside).toHaveLength(both.length);
  });
});

describe('relative links', () => {
  const pages = globSync(['*.md', 'docs/**/*.md', '{packages,plugins}/*/README.md', 'host/README.md'], {
    cwd: root,
  }).sort();

  test.each(pages)('of %s lead somewhere', (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#\s]+)[^)]*\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^[a-z]+:/.test(target));
    const broken = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target)));
    expect(broken).toEqual([]);
  });

  it('are looked for in every page for people', () => {
    expect(pages).toEqual(expect.arrayContaining(['README.md', 'CONTRIBUTING.md', 'docs/lifecycle.md']));
  });
});

describe('docs/adr', () => {
  const records = globSync('docs/adr/*.md', { cwd: root }).sort();

  it('is numbered without gaps', () => {
    expect(records.map((file) => Number(path.basename(file).slice(0, 4)))).toEqual(
      records.map((_, index) => index + 1),
    );
  });

  test.each(records)('%s is short and says status, context, decision and consequences', (file) => {
    const text = read(file);
    expect(statSync(path.join(root, file)).isFile()).toBe(true);
    expect(text.split('\n').length).toBeLessThanOrEqual(41);
    for (const part of ['**Status**', '## Context', '## Decision', '## Consequences'])
      expect(text).toContain(part);
  });
});
