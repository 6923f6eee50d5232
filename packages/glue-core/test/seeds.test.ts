import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { GlueError } from '../src/errors/glue-error.js';
import { readSeeds } from '../src/seeds/read-seeds.js';
import { SeedCatalog } from '../src/seeds/seed-catalog.js';
import { endpointFileSchema, seedId, type EndpointSeed } from '../src/seeds/seed-file.js';
import { refusal } from './support/refusal.js';

describe('reading seeds', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'glue-seeds-'));
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  function write(file: string, content: unknown): void {
    writeFileSync(join(folder, file), typeof content === 'string' ? content : JSON.stringify(content));
  }

  it('gives endpoints and handlers, with defaults', async () => {
    write('endpoints.json', {
      $schema: '../node_modules/glue-core/schemas/endpoints.json',
      endpoints: [{ id: 'inbound', side: 'inbound', backend: 'shop', config: { a: 1 } }],
    });
    write('handlers.json', {
      handlers: [{ id: 'keep', side: 'inbound', name: 'Keep', mode: 'callback' }],
    });
    expect(await readSeeds('shop', folder)).toEqual({
      connector: 'shop',
      endpoints: [{ id: 'inbound', side: 'inbound', backend: 'shop', state: 'active', config: { a: 1 } }],
      handlers: [{ id: 'keep', side: 'inbound', name: 'Keep', mode: 'callback' }],
    });
  });

  it('takes absent files, or an absent folder, for no offers', async () => {
    const nothing = { connector: 'shop', endpoints: [], handlers: [] };
    expect(await readSeeds('shop', folder)).toEqual(nothing);
    expect(await readSeeds('shop', join(folder, 'absent'))).toEqual(nothing);
  });

  it('lists every problem of a file, with the name of connector and file', async () => {
    write('endpoints.json', {
      endpoints: [
        { id: 'Inbound', side: 'upbound', path: 'a/b', extra: 1 },
        { id: 'out', side: 'outbound', path: 'x' },
        { id: 'named', side: 'inbound', backend: 'shop', name: 'Mine', suffix: ' ' },
      ],
    });
    const error = await readSeeds('shop', folder).catch((thrown: unknown) => thrown as GlueError);
    expect(error).toEqual(
      refusal('GLUE_SEED_INVALID', `connector "shop": ${join(folder, 'endpoints.json')} is not valid`),
    );
    const problems = error instanceof GlueError ? error.problems : [];
    for (const place of ['0.id', '0.side', '0.path', '0: ', '1.path', '2.suffix']) {
      expect(problems).toContainEqual(expect.stringContaining(`endpoints.${place}`));
    }
  });

  it('refuses a name where the backend gives it', () => {
    const named = { id: 'a', side: 'inbound', name: 'Mine' };
    expect(endpointFileSchema.safeParse({ endpoints: [named] }).success).toBe(true);
    expect(endpointFileSchema.safeParse({ endpoints: [{ ...named, backend: 'shop' }] }).error).toMatchObject({
      issues: [{ path: ['endpoints', 0, 'name'] }],
    });
  });

  test.each([
    ['no JSON', '{ "endpoints": [', /is no JSON: /],
    ['another shape', [], /is not valid/],
    ['an unknown key', { endpoints: [], handlers: [] }, /is not valid/],
  ])('refuses a file with %s', async (_name, content, words) => {
    write('endpoints.json', content);
    await expect(readSeeds('shop', folder)).rejects.toEqual(refusal('GLUE_SEED_INVALID', words));
  });

  it('refuses what cannot be read', async () => {
    mkdirSync(join(folder, 'endpoints.json'));
    await expect(readSeeds('shop', folder)).rejects.toEqual(
      refusal('GLUE_SEED_INVALID', /endpoints\.json cannot be read/),
    );
  });

  it('refuses an id that is there twice', async () => {
    write('endpoints.json', {
      endpoints: [
        { id: 'a', side: 'inbound' },
        { id: 'a', side: 'outbound' },
      ],
    });
    await expect(readSeeds('shop', folder)).rejects.toEqual(
      refusal('GLUE_SEED_DUPLICATE', 'connector "shop": endpoints.json has two records with the id "a"'),
    );
    write('endpoints.json', { endpoints: [{ id: 'a', side: 'inbound' }] });
    const handler = { id: 'a', side: 'inbound', name: 'A', mode: 'callback' };
    write('handlers.json', { handlers: [handler] });
    expect(await readSeeds('shop', folder)).toMatchObject({ handlers: [{ id: 'a' }] });
    write('handlers.json', { handlers: [handler, handler] });
    await expect(readSeeds('shop', folder)).rejects.toEqual(refusal('GLUE_SEED_DUPLICATE', 'handlers.json'));
  });
});

describe('the seed catalog', () => {
  const seed = (more: Partial<EndpointSeed> = {}): EndpointSeed => ({
    id: 'in',
    side: 'inbound',
    state: 'active',
    config: {},
    ...more,
  });

  it('knows seeds and handlers by their full ids', () => {
    expect(seedId('shop', 'keep')).toBe('shop:keep');
    expect(seedId('shop', 'other:keep')).toBe('other:keep');
    const catalog = new SeedCatalog();
    const endpoints = [
      seed({ backend: 'shop', handler: 'keep' }),
      seed({ id: 'b', backend: 'shop', handler: 'other:keep' }),
      seed({ id: 'c', backend: 'store' }),
      seed({ id: 'd' }),
    ];
    catalog.add({ connector: 'shop', endpoints, handlers: [] }, ['inbound']);
    expect(catalog.forBackendType('shop')).toMatchObject([
      { seedId: 'shop:in', connector: 'shop', handler: 'shop:keep' },
      { seedId: 'shop:b', handler: 'other:keep' },
    ]);
    expect(catalog.forBackendType('store')).toMatchObject([{ seedId: 'shop:c' }]);
    expect(catalog.forBackendType('other')).toEqual([]);
    expect(catalog.standalone()).toMatchObject([{ seedId: 'shop:d' }]);
  });

  it('refuses a spec for a side that the manifest does not list', () => {
    const add = () =>
      new SeedCatalog().add({ connector: 'shop', endpoints: [seed()], handlers: [] }, ['outbound']);
    expect(add).toThrow(
      refusal(
        'GLUE_SIDE_ABSENT',
        'seed "shop:in" is for inbound, which the manifest of connector "shop" does not list in "sides"',
      ),
    );
  });

  it('refuses a handler that nobody offers', () => {
    const catalog = new SeedCatalog();
    catalog.add(
      { connector: 'shop', endpoints: [seed(), seed({ id: 'b', handler: 'keep' })], handlers: [] },
      ['inbound'],
    );
    catalog.checkHandlers((handler) => handler === 'shop:keep');
    expect(() => catalog.checkHandlers(() => false)).toThrow(
      refusal('GLUE_SEED_HANDLER_UNKNOWN', 'seed "shop:b" names the handler "shop:keep"'),
    );
  });
});
