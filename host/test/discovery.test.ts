import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  BackendTypes,
  SeedCatalog,
  silentLogger,
  systemClock,
  type SideName,
  connectorBuilder,
} from 'glue-core';
import { discoverConnectors } from '../src/discovery/discover-connectors.js';
import { entryPoint } from '../src/discovery/entry-point.js';
import { loadConnectors } from '../src/discovery/load-connectors.js';
import { readSample } from '../src/discovery/read-sample.js';
import { emptyHandlers } from '../src/discovery/register-connector.js';
import { fixture, temporaryFolder } from './support/host-fixture.js';

let folder: string;
let remove: () => void;
beforeEach(() => void ({ folder, remove } = temporaryFolder()));
afterEach(() => remove());

function discover(places: { folders?: string[]; packages?: string[] }) {
  return discoverConnectors({ baseFolder: folder, folders: [], packages: [], ...places });
}

function load(
  enabled: string[],
  packages: string[],
  { lenient = false, sides = ['inbound', 'outbound'] as SideName[] } = {},
) {
  const register = {
    types: new BackendTypes(),
    catalog: new SeedCatalog(),
    handlers: emptyHandlers(),
    build: connectorBuilder({ clock: systemClock, logger: silentLogger }),
    sides,
  };
  const statuses = loadConnectors({
    places: { baseFolder: folder, folders: [], packages: packages.map(fixture) },
    enabled,
    lenient,
    register,
    logger: silentLogger,
  });
  return { register, statuses };
}

describe('discovery', () => {
  function makePackage(path: string, json: Record<string, unknown>): string {
    const place = join(folder, path);
    mkdirSync(place, { recursive: true });
    writeFileSync(join(place, 'package.json'), JSON.stringify({ version: '1.0.0', ...json }));
    return place;
  }
  const glue = (id: string) => ({ apiVersion: 1, id, displayName: id });
  const keywords = ['glue-connector'];

  it('finds workspace folders, installed packages with the keyword, and paths of the config', async () => {
    makePackage('plugins/a', { name: 'a', glue: glue('a') });
    makePackage('node_modules/b', { name: 'b', keywords, glue: glue('b') });
    makePackage('node_modules/@acme/c', { name: '@acme/c', keywords, glue: glue('c') });
    const named = makePackage('elsewhere/d', { name: 'd', glue: glue('d') });
    const { found } = await discover({ folders: [join(folder, 'plugins')], packages: [named] });
    expect(found.map(({ id, packageName }) => [id, packageName])).toEqual([
      ['d', 'd'],
      ['a', 'a'],
      ['c', '@acme/c'],
      ['b', 'b'],
    ]);
  });

  it('leaves other packages alone, also such as cannot be read', async () => {
    makePackage('plugins/tool', { name: 'tool' });
    makePackage('node_modules/left', { name: 'left', glue: 'something of its own' });
    mkdirSync(join(folder, 'node_modules/broken'));
    writeFileSync(join(folder, 'node_modules/broken/package.json'), '{');
    const places = { folders: [join(folder, 'plugins'), join(folder, 'missing')] };
    expect(await discover(places)).toEqual({ found: [], unreadable: [] });
  });

  it('counts a workspace folder that is linked into node_modules once', async () => {
    const place = makePackage('plugins/a', { name: 'a', keywords, glue: glue('a') });
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(place, join(folder, 'node_modules/a'));
    expect((await discover({ folders: [join(folder, 'plugins')] })).found).toHaveLength(1);
  });

  it('lets a package nearer by hide one of the same name further up', async () => {
    makePackage('node_modules/a', { name: 'a', keywords, glue: glue('far') });
    makePackage('app/node_modules/a', { name: 'a', keywords, glue: glue('near') });
    const { found } = await discoverConnectors({
      baseFolder: join(folder, 'app'),
      folders: [],
      packages: [],
    });
    expect(found.map(({ id }) => id)).toEqual(['near']);
  });

  it('says of each manifest that is not valid which file and what is wrong', async () => {
    const { found, unreadable } = await discover({
      packages: [fixture('bad-manifest'), fixture('no-connector')],
    });
    expect(found).toEqual([]);
    expect(unreadable.map(({ error }) => [error.code, error.message])).toEqual([
      [
        'GLUE_CONNECTOR_MANIFEST',
        `glue-connector-bad-manifest 1.2.3: ${fixture('bad-manifest')}/package.json has a "glue" key that is not valid`,
      ],
      [
        'GLUE_CONNECTOR_MANIFEST',
        `just-a-package 1.0.0: ${fixture('no-connector')}/package.json has no "glue" key`,
      ],
    ]);
    expect(unreadable[0]?.error.problems).toEqual([
      expect.stringMatching(/^glue\.id: /),
      expect.stringMatching(/^glue\.displayName: /),
      expect.stringMatching(/^glue: .*side/),
    ]);
  });
});

describe('loading a connector', () => {
  it('registers its backend classes, handlers and seeds', async () => {
    const { register, statuses } = load(['good'], ['good']);
    expect(await statuses).toMatchObject([{ id: 'good', state: 'enabled', leftOut: [] }]);
    expect(register.types.list()).toEqual([{ type: 'good', label: 'Good', connector: 'good' }]);
    expect([...register.handlers.inbound.keys()]).toEqual(['good:keep']);
    expect(register.catalog.forBackendType('good').map(({ seedId }) => seedId)).toEqual([
      'good:inbound',
      'good:answers',
    ]);
  });

  it('runs nothing of a connector that is not enabled', async () => {
    const { statuses } = load([], ['throws-at-import']);
    expect(await statuses).toMatchObject([{ id: 'throws-at-import', state: 'available' }]);
  });

  it('leaves out the seeds of a side that this host lacks, and names them', async () => {
    const { register, statuses } = load(['good'], ['good'], { sides: ['inbound'] });
    expect(await statuses).toMatchObject([{ state: 'enabled', leftOut: ['good:answers'] }]);
    expect(register.catalog.forBackendType('good').map(({ id }) => id)).toEqual(['inbound']);
  });

  const failures: [name: string, code: string, message: RegExp][] = [
    ['api-version', 'GLUE_CONNECTOR_API_VERSION', /needs contract 2, this host speaks 1: update the host/],
    ['bad-manifest', 'GLUE_CONNECTOR_NOT_FOUND', /"bad-manifest", which was not discovered/],
    ['throws-at-import', 'GLUE_CONNECTOR_LOAD', /index\.js failed: .*no licence file was found/],
    ['no-default-export', 'GLUE_CONNECTOR_DEFINITION', /has no default export/],
    ['not-a-definition', 'GLUE_CONNECTOR_DEFINITION', /defineConnector did not make/],
    ['not-built', 'GLUE_CONNECTOR_LOAD', /has no file .*dist\/index\.js: it is not built yet/],
    ['second-core', 'GLUE_CORE_DUPLICATE', /uses the glue-core in .+: two copies share no classes/],
    ['handler-without-seed', 'GLUE_CONNECTOR_DEFINITION', /LostHandler .* is missing in handlers\.json/],
    [
      'handler-of-the-wrong-side',
      'GLUE_CONNECTOR_DEFINITION',
      /is for outbound, but has no method handleDelivery/,
    ],
    ['bad-seed', 'GLUE_SEED_INVALID', /endpoints\.json is not valid/],
    ['unknown-seed-handler', 'GLUE_SEED_HANDLER_UNKNOWN', /names the handler "unknown-seed-handler:nobody"/],
  ];

  it.each(failures)('fails for %s with %s', async (name, code, message) => {
    const error: unknown = await load([name], [name]).statuses.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it.each(
    failures.filter(([, code]) => code.startsWith('GLUE_CONNECTOR_') && code !== 'GLUE_CONNECTOR_NOT_FOUND'),
  )('names connector, version and folder when it fails for %s', async (name) => {
    const error: unknown = await load([name], [name]).statuses.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      message: expect.stringContaining(`connector "${name}" 1.2.3 (${fixture(name)})`),
    });
  });

  it('refuses an id that two packages claim, and names both', async () => {
    const { statuses } = load(['duplicate'], ['duplicate-one', 'duplicate-two']);
    await expect(statuses).rejects.toMatchObject({
      code: 'GLUE_CONNECTOR_DUPLICATE',
      message: expect.stringMatching(
        /glue-connector-duplicate-one 1\.2\.3 .* and glue-connector-duplicate-two/,
      ),
    });
  });

  it('names what was discovered when an enabled one was not', async () => {
    await expect(load(['god'], ['good']).statuses).rejects.toMatchObject({
      code: 'GLUE_CONNECTOR_NOT_FOUND',
      message: expect.stringContaining('(found: good)'),
    });
  });

  it('goes on when lenient, keeps the failed one in sight and registers nothing of it', async () => {
    const enabled = ['throws-at-import', 'good', 'same-type'];
    const { register, statuses } = load(enabled, enabled, { lenient: true });
    expect(await statuses).toMatchObject([
      { id: 'throws-at-import', state: 'failed', error: { code: 'GLUE_CONNECTOR_LOAD' } },
      { id: 'good', state: 'enabled' },
      { id: 'same-type', state: 'failed', error: { code: 'GLUE_CONNECTOR_DEFINITION' } },
    ]);
    expect(register.types.list().map(({ type }) => type)).toEqual(['good']);
  });
});

describe('the main module of a package', () => {
  it.each([
    ['exports as text', { exports: './a.js', main: './b.js' }, './a.js'],
    ['exports with "."', { exports: { '.': './a.js', './package.json': './package.json' } }, './a.js'],
    [
      'conditions',
      { exports: { '.': { types: './a.d.ts', require: './a.cjs', default: './a.js' } } },
      './a.js',
    ],
    ['conditions without "."', { exports: { import: './a.mjs', default: './a.js' } }, './a.mjs'],
    ['nested conditions', { exports: { '.': { node: { import: './n.js' }, default: './a.js' } } }, './n.js'],
    ['a list of targets', { exports: { '.': [{ browser: './b.js' }, './a.js'] } }, './a.js'],
    ['main', { main: 'lib/main.js' }, 'lib/main.js'],
    ['nothing', {}, 'index.js'],
    ['exports without a main module', { exports: { './other': './o.js' } }, undefined],
    ['a closed main module', { exports: { '.': null } }, undefined],
  ])('is found by %s', (_how, json, expected) => {
    expect(entryPoint(json)).toBe(expected);
  });
});

describe('a sample of a connector', () => {
  it('is read by event, or the first one; a missing one is named with those that there are', async () => {
    const { found } = await discover({ packages: [fixture('good')] });
    const [good] = found;
    if (!good) throw new Error('the good connector was not found');
    expect((await readSample(good)).event).toBe('thing.happened');
    expect(JSON.parse((await readSample(good, 'thing.happened')).body.toString())).toMatchObject({ id: '1' });
    await expect(readSample(good, '../package')).rejects.toMatchObject({
      code: 'GLUE_SAMPLE_NOT_FOUND',
      message: expect.stringContaining('(there are: thing.happened)'),
    });
  });
});
