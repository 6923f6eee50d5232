import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixture, temporaryFolder } from './support/host-fixture.js';
import { runCommand } from './support/run-command.js';

const ROOT = join(import.meta.dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/operations.md'), 'utf8');

/** The shell blocks of a section, as written. */
function blocksOf(section: string): string[] {
  const text = page.split(/^## /m).find((part) => part.startsWith(`${section}\n`)) ?? '';
  return [...text.matchAll(/^```sh\n([^]*?)^```$/gm)].map(([, block = '']) => block);
}

describe('docs/operations.md, "An endpoint by hand"', () => {
  const [making = '', changing = ''] = blocksOf('An endpoint by hand');
  let folder: string;
  let remove: () => void;
  let file: string;

  beforeAll(async () => {
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'glue.config.json');
    const connectors = { enabled: [], folders: [], packages: [fixture('good')] };
    writeFileSync(file, JSON.stringify({ host: { name: 'docs' }, connectors }));
    await runCommand(file, 'migrate');
  });
  afterAll(() => remove());

  /** Runs a block in a shell; `npm run glue --` is what package.json makes of it. */
  const inShell = (block: string): Promise<{ code: number; out: string }> =>
    new Promise((resolve) => {
      const glue = `${process.execPath} ${join(ROOT, 'host/dist/bin/glue.js')}`;
      const script = `set -e\n${block.replaceAll('npm run glue --', glue)}`;
      execFile('bash', ['-c', script], { cwd: folder, timeout: 25_000 }, (error, out, err) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? -1), out: out + err }),
      );
    });

  it('makes an endpoint with a secret of its own in three commands', async () => {
    expect(making.trim().split('\n')).toHaveLength(3);
    const { code, out } = await inShell(making);
    expect(out).toMatch(/\/webhooks\/in\/orders\n/);
    expect(out).toMatch(/It is shown this once:\n\n {2}whsec_\S+\n/);
    expect(out).toMatch(/The inbound endpoint "orders" is active\./);
    expect(code).toBe(0);
    const { out: shown } = await runCommand(file, 'endpoints', 'show', 'orders', '--json');
    expect(JSON.parse(shown)).toMatchObject({ state: 'active', problems: [], secrets: [{ live: true }] });
  }, 30_000);

  it('changes it by the others', async () => {
    const { code, out } = await inShell(changing);
    expect(out).toMatch(/counts until /);
    expect(out).toMatch(/The inbound endpoint "orders" is a draft\./);
    expect(code).toBe(0);
    const { out: shown } = await runCommand(file, 'endpoints', 'show', 'orders', '--json');
    expect(JSON.parse(shown)).toMatchObject({ config: { payload: 'object', limits: { maxBytes: 65_536 } } });
  }, 30_000);
});
