import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { BackendView } from 'glue-core';
import { fixture, goodBackend, temporaryFolder } from './support/host-fixture.js';
import { runCommand, type RanCommand } from './support/run-command.js';

const { secret } = goodBackend.settings;

describe('glue backends', () => {
  let remove: () => void;
  let file: string;

  beforeEach(async () => {
    let folder: string;
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'glue.config.json');
    const config = {
      host: { name: 'cli' },
      database: { client: 'sqlite', durability: 'fast' },
      connectors: { enabled: ['good'], folders: [], packages: [fixture('good')] },
    };
    writeFileSync(file, JSON.stringify(config));
    await runCommand(file, 'migrate');
    await backends('create', '--type', 'good', '--name', 'Good', '--set', `secret=${secret}`);
  });
  afterEach(() => remove());

  const backends = (...parameters: string[]): Promise<RanCommand> =>
    runCommand(file, 'backends', ...parameters);
  const shown = async () => JSON.parse((await backends('show', 'good,1', '--json')).out) as BackendView;

  it('show prints the settings, and of secrets only that they are set', async () => {
    const { out } = await backends('show', 'good,1');
    expect(out).toMatch(/^REFERENCE +CODE +NAME[^]*good,1 +good +Good +default +ready +1\n/);
    expect(out).toContain('"region": "eu"');
    expect(out).toContain('"lastFour": "stem"');
    expect(out).not.toContain(secret);
  });

  it('edit changes what is given, and keeps a secret that is not', async () => {
    const { out } = await backends('edit', 'good,1', '--name', 'Better', '--set', 'region=us', 'retries=5');
    expect(out).toContain('Backend good,1 "Better" was changed (version 2).');
    expect(await shown()).toMatchObject({
      name: 'Better',
      code: 'good',
      settings: { region: 'us', retries: 5, secret: { set: true, lastFour: 'stem' } },
    });
  });

  it('edit refuses settings that are not valid, a version that is past, and a change of nothing', async () => {
    expect((await backends('edit', 'good,1', '--set', 'retries=many')).error).toMatchObject({
      code: 'GLUE_BACKEND_INVALID',
      problems: [expect.stringContaining('settings.retries')],
    });
    expect((await backends('edit', 'good,1', '--name', 'X', '--if-version', '7')).error).toMatchObject({
      code: 'GLUE_CHANGED_MEANWHILE',
    });
    expect((await backends('edit', 'good,1')).error).toMatchObject({
      code: 'GLUE_BACKEND_INVALID',
      message: 'nothing is given that could change in backend good,1',
    });
    expect((await backends('edit', 'good,9', '--name', 'X')).error).toMatchObject({
      code: 'GLUE_BACKEND_NOT_FOUND',
    });
    expect(await shown()).toMatchObject({ name: 'Good', version: 1 });
  });

  it('resync warns of an endpoint that is not verified', async () => {
    const warning = 'good-1-inbound: WARNING: not verified, anybody can post here';
    expect((await backends('provision', 'good,1')).out).not.toContain(warning);
    await runCommand(file, 'endpoints', 'edit', 'good-1-inbound', '--set', 'verification={"mode":"none"}');
    expect((await backends('resync', 'good,1')).out).toContain(warning);
  });

  it('disable takes it out of service, enable puts it back', async () => {
    expect((await backends('disable', 'good,1')).out).toContain('Backend good,1 "Good" is disabled');
    expect(await shown()).toMatchObject({ active: false });
    expect((await backends('show', 'good,1')).out).toContain('inactive: the backend is disabled');
    expect((await backends('enable', 'good,1')).out).toContain('is enabled (version 3)');
    expect(await shown()).toMatchObject({ active: true });
  });
});
