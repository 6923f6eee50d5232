import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it, test } from '@jest/globals';

const root = path.join(import.meta.dirname, '..');
const readme = readFileSync(path.join(root, 'README.md'), 'utf8');
const { scripts } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  scripts: Record<string, string>;
};

/** npm's own words need no script. */
const NPM_COMMANDS = ['ci'];

function matches(pattern: RegExp): string[] {
  return [...new Set([...readme.matchAll(pattern)].map(([, word = '']) => word))].sort();
}

describe('the README', () => {
  it.each(['npm ci && npm start', 'npm ci && npm test', 'npm run demo'])('offers `%s`', (command) => {
    expect(readme).toContain(`\n${command}\n`);
  });

  const named = [...matches(/npm run ([\w:-]+)/g), ...matches(/npm (?!run\b)([a-z]+)(?=[\n`]| &&)/g)];
  test.each(named.filter((word) => !NPM_COMMANDS.includes(word)))(
    'names the script "%s", which exists',
    (script) => {
      expect(Object.keys(scripts)).toContain(script);
    },
  );

  it('names the scripts of the quick start', () => {
    expect(named).toEqual(expect.arrayContaining(['start', 'test', 'demo', 'glue', 'build']));
  });
});

describe('the commands that the README names', () => {
  const commands = matches(/npm run glue -- ([a-z]+)/g);
  let known: string[] = [];

  beforeAll(() => {
    const { stdout, status } = spawnSync(process.execPath, ['host/dist/bin/glue.js', 'help'], {
      cwd: root,
      encoding: 'utf8',
      timeout: 20_000,
    });
    expect(status).toBe(0);
    const list = stdout.slice(stdout.indexOf('\nCommands:\n'));
    known = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, word = '']) => word);
  });

  test.each(commands)('`glue %s` exists', (command) => {
    expect(known).toContain(command);
  });

  it('are all that the CLI has', () => {
    expect(commands).toEqual(known.filter((command) => command !== 'help').sort());
  });
});
