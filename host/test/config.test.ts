import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { GlueError } from 'glue-core';
import { inboundConfigSchema } from 'glue-inbound';
import { outboundConfigSchema } from 'glue-outbound';
import { overridesOf, type Environment } from '../src/config/environment.js';
import { loadConfig, parseConfig } from '../src/config/load-config.js';
import { substitute } from '../src/config/substitute.js';
import { temporaryFolder } from './support/host-fixture.js';

function parse(content: unknown, environment: Environment = {}, baseFolder = '/srv/glue') {
  return parseConfig(content, {
    baseFolder,
    environment,
    inbound: inboundConfigSchema,
    outbound: outboundConfigSchema,
  });
}

function problemsOf(content: unknown, environment: Environment = {}): readonly string[] {
  try {
    parse(content, environment);
  } catch (error) {
    if (error instanceof GlueError && error.code === 'GLUE_CONFIG_INVALID') return error.problems;
    throw error;
  }
  return [];
}

describe('the configuration', () => {
  it('needs nothing: everything has a default, and paths count from its folder', () => {
    expect(parse({})).toMatchObject({
      host: { port: 3400, address: '127.0.0.1' },
      dataFolder: '/srv/glue/.glue',
      database: { client: 'sqlite', file: '/srv/glue/.glue/glue.db', durability: 'durable' },
      clock: { store: 'database' },
      sides: ['inbound', 'outbound'],
      connectors: { enabled: [], folders: ['/srv/glue/plugins'], packages: [], lenient: false },
      backends: [],
      inbound: { concurrency: 512 },
      outbound: { concurrency: 1_024, allow: { cidrs: [], hosts: [] } },
      log: { level: 'info' },
    });
  });

  it('keeps the SQLite file in the data folder, wherever that is', () => {
    expect(parse({ dataFolder: '/data' }).database).toMatchObject({ file: '/data/glue.db' });
    expect(parse({ database: { client: 'sqlite', file: 'my.db' } }).database).toMatchObject({
      file: '/srv/glue/my.db',
    });
    const mysql = { client: 'mysql', url: 'mysql://glue@db/glue', tls: { caFile: 'ca.pem' } };
    expect(parse({ database: mysql }).database).toMatchObject({ tls: { caFile: '/srv/glue/ca.pem' } });
  });

  it('lists every problem at once, unknown keys among them', () => {
    expect(
      problemsOf({
        host: { port: 'http', nam: 'a' },
        database: { client: 'oracle' },
        clock: { store: 'mongodb', url: 'mysql://x' },
        connectors: { enable: ['stripe'] },
        outbound: { allow: { cidrs: ['300.0.0.0/8'] } },
        backends: [{ type: 'stripe', name: 'A', settings: { key: '${NOT_SET}' } }],
        colour: 'red',
      }).map((problem) => problem.split(':')[0]),
    ).toEqual([
      'backends.0.settings.key',
      'host.port',
      'host.nam',
      'database.client',
      'clock.url',
      'connectors.enable',
      'outbound.allow.cidrs.0',
      'colour',
    ]);
  });

  it('never repeats a value in a problem: it may be secret', () => {
    const problems = problemsOf({ database: { client: 'mysql', url: 'mysql:/root:hunter2@db/glue' } });
    expect(problems).toHaveLength(1);
    expect(problems.join()).not.toContain('hunter2');
  });

  it.each([
    ['a list', ['a']],
    ['text', 'stripe'],
    ['nothing', null],
  ])('is refused when it is %s', (_what, content) => {
    expect(() => parse(content)).toThrow(GlueError);
  });

  it('refuses two backends of one type, company and code', () => {
    const backend = { type: 'stripe', name: 'Shop' };
    expect(problemsOf({ backends: [backend, { ...backend, company: 'b' }, backend] })).toEqual([
      'backends.2: has type, company and code of backends.0',
    ]);
  });

  it('refuses a half-written { $generate }', () => {
    const backend = {
      type: 'stripe',
      name: 'Shop',
      settings: { a: { $generate: 'x' }, b: { $generate: 1 } },
    };
    expect(problemsOf({ backends: [backend] })).toEqual([
      'backends.0.settings.b: write { $generate: "prefix" } and nothing else',
    ]);
  });

  it('knows no key "outbound" where that side is not installed', () => {
    const parseWithout = () => parseConfig({ outbound: {} }, { baseFolder: '/', environment: {} });
    expect(parseWithout).toThrow(expect.objectContaining({ problems: ['outbound: unknown key'] }));
  });
});

describe('environment variables', () => {
  it('go before the file; values that are JSON are taken as such', () => {
    const config = parse(
      { host: { port: 1, name: 'file' }, connectors: { enabled: ['a'] } },
      {
        GLUE_HOST__PORT: '8080',
        GLUE_HOST__PUBLIC_URL: 'https://hooks.example.com',
        GLUE_DATA_FOLDER: '/data',
        GLUE_CONNECTORS__ENABLED: '["b","c"]',
        GLUE_DATABASE__CLIENT: 'mysql',
        GLUE_DATABASE__URL: 'mysql://glue:pw@db:3306/glue',
      },
    );
    expect(config).toMatchObject({
      host: { port: 8080, name: 'file', publicUrl: 'https://hooks.example.com' },
      dataFolder: '/data',
      connectors: { enabled: ['b', 'c'] },
      database: { client: 'mysql', url: 'mysql://glue:pw@db:3306/glue' },
    });
  });

  it('reach into lists', () => {
    const backends = [{ type: 'stripe', name: 'Shop', settings: { apiKey: 'old', other: 'kept' } }];
    const config = parse({ backends }, { GLUE_BACKENDS__0__SETTINGS__API_KEY: 'new' });
    expect(config.backends[0]?.settings).toEqual({ apiKey: 'new', other: 'kept' });
  });

  it('are named in the problem that they cause', () => {
    expect(problemsOf({}, { GLUE_HOST__PORT: '99999', GLUE_HOTS__PORT: '1' })).toEqual([
      expect.stringMatching(/^host\.port: .+ \(set by GLUE_HOST__PORT\)$/),
      'hots: unknown key (set by GLUE_HOTS__PORT)',
    ]);
  });

  it('that Kubernetes and the tests set beside a service named glue mean nothing', () => {
    const environment = {
      GLUE_PORT: 'tcp://10.0.0.1:80',
      GLUE_SERVICE_HOST: '10.0.0.1',
      GLUE_PORT_80_TCP_ADDR: '10.0.0.1',
      GLUE_SECRET_KEY: 'x',
      GLUE_TEST_MYSQL_URL: 'mysql://root@localhost/test',
      PATH: '/bin',
    };
    expect(overridesOf(environment, ['host', 'dataFolder'])).toEqual([]);
  });
});

describe('${…} in a text', () => {
  const environment = { NAME: 'value', EMPTY: '' };

  it.each([
    ['${NAME}', 'value'],
    ['a-${NAME}-${NAME}', 'a-value-value'],
    ['${NOT_SET:-else}', 'else'],
    ['${EMPTY:-else}', 'else'],
    ['${NAME:-else}', 'value'],
    ['${NOT_SET:-}', ''],
    ['${EMPTY}', ''],
    ['$${NAME}', '${NAME}'],
    ['$NAME {NAME} $', '$NAME {NAME} $'],
  ])('%s becomes "%s"', (text, expected) => {
    expect(substitute({ list: [text] }, environment)).toEqual({ value: { list: [expected] }, problems: [] });
  });

  it('is a problem, with its key, when the variable is not set', () => {
    expect(substitute({ a: [{ b: '${NOT_SET}' }] }, environment).problems).toEqual([
      'a.0.b: the environment variable NOT_SET is not set (${NOT_SET:-} would stand for nothing)',
    ]);
  });

  it('changes nothing where there is none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        fc.pre(!JSON.stringify(value).includes('${'));
        expect(substitute(value, environment)).toEqual({ value, problems: [] });
      }),
    );
  });
});

describe('the config file', () => {
  let folder: string;
  let remove: () => void;
  beforeEach(() => void ({ folder, remove } = temporaryFolder()));
  afterEach(() => remove());

  const load = (file?: string) =>
    loadConfig({
      folder,
      environment: {},
      inbound: inboundConfigSchema,
      outbound: outboundConfigSchema,
      ...(file !== undefined && { file }),
    });

  it.each([
    ['glue.config.yaml', 'host: { name: one }'],
    ['glue.config.yml', 'host:\n  name: one\n'],
    ['glue.config.json', '{ "host": { "name": "one" } }'],
    ['glue.config.js', 'export default { host: { name: "one" } };'],
    ['glue.config.ts', 'const name: string = "one";\nexport default { host: { name } };'],
  ])('may be %s', async (file, text) => {
    writeFileSync(join(folder, file), text);
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
    expect(await load()).toMatchObject({
      host: { name: 'one' },
      file: join(folder, file),
      baseFolder: folder,
      dataFolder: join(folder, '.glue'),
    });
  });

  it('may be empty', async () => {
    writeFileSync(join(folder, 'glue.config.yaml'), '# nothing yet\n');
    expect((await load()).host.port).toBe(3400);
  });

  it('is named in the message when it has problems', async () => {
    writeFileSync(join(folder, 'glue.config.yaml'), 'hosts: {}');
    await expect(load()).rejects.toMatchObject({
      code: 'GLUE_CONFIG_INVALID',
      message: `${join(folder, 'glue.config.yaml')} has 1 problem`,
      problems: ['hosts: unknown key'],
    });
  });

  it('is named in the message when it cannot be parsed', async () => {
    writeFileSync(join(folder, 'glue.config.yaml'), 'host: [');
    await expect(load()).rejects.toMatchObject({
      code: 'GLUE_CONFIG_INVALID',
      message: expect.stringContaining(join(folder, 'glue.config.yaml')),
    });
  });

  it('is missed by name', async () => {
    await expect(load('other.yaml')).rejects.toMatchObject({
      code: 'GLUE_CONFIG_NOT_FOUND',
      message: `there is no file ${join(folder, 'other.yaml')}`,
    });
    await expect(load()).rejects.toMatchObject({ code: 'GLUE_CONFIG_NOT_FOUND' });
  });
});
