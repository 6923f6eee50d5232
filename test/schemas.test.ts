import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { inboundEndpointConfigSchema } from 'glue-inbound';
import { z } from 'zod';
import { publishedSchemas } from '../scripts/published-schemas.ts';

const root = join(import.meta.dirname, '..');
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');
const jsonOf = (file: string) => JSON.parse(textOf(file)) as Record<string, unknown>;
const schemaOf = (file: string) => z.fromJSONSchema(jsonOf(file));

interface Manifest {
  readonly exports: Readonly<Record<string, unknown>>;
  readonly files: readonly string[];
}

describe('the published JSON Schemas', () => {
  it.each([...publishedSchemas()])('%s is in step with zod (npm run schemas)', (file, text) => {
    expect(textOf(file)).toBe(text);
  });

  it.each([...publishedSchemas().keys()])('%s is shipped', (file) => {
    const [folder = '', schema = ''] = file.split(/\/(?=schemas\/)/);
    const { exports, files } = jsonOf(`${folder}/package.json`) as unknown as Manifest;
    expect(exports[`./${schema}`]).toBe(`./${schema}`);
    expect(files).toContain('schemas');
  });
});

describe('the schema of seed files', () => {
  const endpoints = schemaOf('packages/glue-core/schemas/endpoints.schema.json');
  const handlers = schemaOf('packages/glue-core/schemas/handlers.schema.json');

  it.each([
    'plugins/stripe',
    'test/fixtures/connectors/good',
    'test/fixtures/connectors/relay',
    'bench/connector',
  ])('takes those of %s', (folder) => {
    expect(endpoints.safeParse(jsonOf(`${folder}/data/endpoints.json`)).error?.issues).toBeUndefined();
  });

  it('takes handlers, and their way of working in words that it knows', () => {
    const file = jsonOf('plugins/stripe/data/handlers.json');
    expect(handlers.safeParse(file).success).toBe(true);
    const [handler] = file['handlers'] as object[];
    expect(handlers.safeParse({ handlers: [{ ...handler, mode: 'call' }] }).success).toBe(false);
  });

  it.each([
    ['a name that it does not know', { semantic: {} }],
    ['a semantic that there is not', { semantics: { event: [{ json: 'id' }] } }],
    ['a source that there is not', { semantics: { event_id: [{ xml: 'id' }] } }],
    ['a key of the other side', { baseUrl: 'https://example.com' }],
  ])('refuses a configuration with %s', (_name, config) => {
    const seed = { id: 'inbound', side: 'inbound', config: { verification: { mode: 'none' }, ...config } };
    expect(endpoints.safeParse({ endpoints: [seed] }).success).toBe(false);
  });

  it.each(['plugins/stripe/data/endpoints.json', 'plugins/stripe/data/handlers.json'])(
    'is named by %s, so that editors complete it',
    (file) => {
      const named = jsonOf(file)['$schema'] as string;
      const path = named.replace(/^\.\.\/\.\.\/\.\.\/node_modules\//, 'packages/');
      expect([...publishedSchemas().keys()]).toContain(path);
    },
  );
});

describe('the schema of an inbound endpoint’s configuration', () => {
  const published = schemaOf('packages/glue-inbound/schemas/endpoint-config.schema.json');

  it('names every key, and none more', () => {
    const { properties } = jsonOf('packages/glue-inbound/schemas/endpoint-config.schema.json');
    expect(Object.keys(properties as object)).toEqual(Object.keys(inboundEndpointConfigSchema.shape));
  });

  it('takes what has defaults, in words for people', () => {
    const config = { verification: { mode: 'none' }, retryPolicy: { delays: ['5s', '1h'] } };
    expect(published.safeParse(config).success).toBe(true);
  });
});
