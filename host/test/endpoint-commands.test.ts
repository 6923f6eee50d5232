import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import type { AddedSecret, EndpointSecretView, EndpointView, GlueError } from 'glue-core';
import { fixture, goodBackend, temporaryFolder } from './support/host-fixture.js';
import { runCommand, type RanCommand } from './support/run-command.js';

type Shown = EndpointView & {
  readonly side: string;
  readonly where?: string;
  readonly accepted?: number;
  readonly secrets: EndpointSecretView[];
};

describe('glue endpoints', () => {
  let folder: string;
  let remove: () => void;
  let file: string;

  beforeEach(async () => {
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'glue.config.json');
    await configure();
    await run('migrate');
  });
  afterEach(() => remove());

  async function configure(more: object = {}): Promise<void> {
    const config = {
      host: { name: 'cli', publicUrl: 'https://hooks.example.com' },
      database: { client: 'sqlite', durability: 'fast' },
      connectors: { enabled: ['good'], folders: [], packages: [fixture('good')] },
      ...more,
    };
    writeFileSync(file, JSON.stringify(config));
  }

  const run = (...parameters: string[]): Promise<RanCommand> => runCommand(file, ...parameters);
  const endpoints = (...parameters: string[]) => run('endpoints', ...parameters);
  async function json<T = Shown>(...parameters: string[]): Promise<T> {
    const { out, error } = await endpoints(...parameters, '--json');
    if (error !== undefined) throw error as Error;
    return JSON.parse(out) as T;
  }
  const refusalOf = async (...parameters: string[]) => (await endpoints(...parameters)).error as GlueError;

  const openOne = (code: string) =>
    json('create', '--side', 'inbound', '--code', code, '--set', 'verification.mode=none');
  const backend = async (): Promise<string> => {
    const { out, error } = await run(
      ...['backends', 'create', '--type', 'good', '--name', 'Good'],
      ...['--set', `secret=${goodBackend.settings.secret}`, '--json'],
    );
    if (error !== undefined) throw error as Error;
    return `good,${(JSON.parse(out) as { id: number }).id}`;
  };

  it('create makes a draft, and says where it is and what it still needs', async () => {
    const { out } = await endpoints(
      ...['create', '--side', 'inbound', '--code', 'Orders', '--set', 'verification.mode=hmac'],
      'verification.preset=github',
    );
    expect(out).toBe(
      [
        'The inbound endpoint "orders" was created as a draft.',
        '  https://hooks.example.com/webhooks/in/orders',
        'To be active it needs more:',
        '  - it has no secret to verify with (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>',
      ].join('\n'),
    );
  });

  it('create takes its configuration from a file, and --set goes before it', async () => {
    const config = join(folder, 'orders.json');
    writeFileSync(
      config,
      JSON.stringify({ verification: { mode: 'none' }, limits: { maxBytes: 5 }, payload: 'raw' }),
    );
    const made = await json(
      ...['create', '--side', 'inbound', '--name', 'Orders of Acme', '--path', 'In_1', '--company', 'acme'],
      ...['--file', config, '--set', 'limits.bodyTimeoutMs=500', 'payload=json'],
    );
    expect(made).toMatchObject({
      side: 'inbound',
      state: 'draft',
      name: 'Orders of Acme',
      code: 'orders-of-acme',
      path: 'In_1',
      company: 'acme',
      where: 'https://hooks.example.com/webhooks/in/In_1',
      written: {
        verification: { mode: 'none' },
        limits: { maxBytes: 5, bodyTimeoutMs: 500 },
        payload: 'json',
      },
    });
  });

  test.each<[string, string | undefined, RegExp]>([
    ['is missing', undefined, /cannot be read: ENOENT/],
    ['is no JSON', '{', /cannot be read: .*JSON/],
    ['holds no object', '[1]', /cannot be read: it holds no JSON object/],
  ])('create says when its file %s', async (_what, content, message) => {
    const config = join(folder, 'orders.json');
    if (content !== undefined) writeFileSync(config, content);
    expect(await refusalOf('create', '--side', 'inbound', '--code', 'a', '--file', config)).toMatchObject({
      code: 'GLUE_ENDPOINT_INVALID',
      message: expect.stringMatching(message),
    });
  });

  it('show tells everything: configuration with defaults, secrets without values, what is missing', async () => {
    await endpoints('create', '--side', 'inbound', '--code', 'a', '--set', 'verification={"mode":"bearer"}');
    const { out: before } = await endpoints('show', 'a');
    expect(before).toContain('It has no secrets of its own.');
    expect(before).toMatch(/To be active it needs more:\n {2}- it has no secret to verify with/);
    const { value, id } = await json<AddedSecret>('secrets', 'add', 'a');
    const { out } = await endpoints('show', 'a');
    expect(out).toMatch(
      /^SIDE +CODE +STATE .*\ninbound +a +draft .*https:\/\/hooks\.example\.com\/webhooks\/in\/a/,
    );
    expect(out).toContain('"maxBytes": 1048576');
    expect(out).toContain(id);
    expect(out).not.toContain(value);
    expect(out).not.toContain('needs more');
    expect(await json('show', 'a')).toMatchObject({
      side: 'inbound',
      config: { payload: 'json' },
      written: { verification: { mode: 'bearer' } },
      problems: [],
      accepted: 0,
      rejected: 0,
      secrets: [{ id, live: true, lastFour: value.slice(-4) }],
    });
  });

  it('activate, deactivate and archive move it; what is not complete stays a draft', async () => {
    await endpoints('create', '--side', 'inbound', '--code', 'a', '--set', 'verification.mode=bearer');
    expect(await refusalOf('activate', 'a')).toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      problems: [expect.stringContaining('it has no secret')],
    });
    await endpoints('secrets', 'add', 'a');
    expect((await endpoints('activate', 'a')).out).toMatch(/^The inbound endpoint "a" is active\.\n/);
    expect(await json('deactivate', 'a')).toMatchObject({ state: 'draft' });
    expect(await json('archive', 'a')).toMatchObject({ state: 'archived' });
    expect(await refusalOf('activate', 'a')).toMatchObject({ code: 'GLUE_ENDPOINT_STATE' });
  });

  it('warns of one that anybody can post to, wherever it is shown', async () => {
    await openOne('a');
    const warning = 'WARNING: not verified, anybody can post here';
    for (const command of [['activate', 'a'], ['show', 'a'], ['list'], ['edit', 'a', '--name', 'N']])
      expect((await endpoints(...command)).out).toContain(warning);
  });

  it('edit changes what is given, part by part, and puts back to the default by null', async () => {
    await openOne('a');
    await endpoints('edit', 'a', '--set', 'limits.maxBytes=5', 'limits.bodyTimeoutMs=500', 'payload=raw');
    const edited = await json('edit', 'a', '--name', 'A', '--set', 'limits.maxBytes=null', 'payload=null');
    expect(edited).toMatchObject({
      name: 'A',
      config: { limits: { maxBytes: 1_048_576, bodyTimeoutMs: 500 } },
    });
    expect(edited.written).toEqual({ verification: { mode: 'none' }, limits: { bodyTimeoutMs: 500 } });
    expect(await json('edit', 'a', '--handler', 'good:keep')).toMatchObject({ handler: 'good:keep' });
    expect(await json('edit', 'a', '--no-handler')).not.toHaveProperty('handler');
    expect(await json('edit', 'a', '--code', 'b')).toMatchObject({ code: 'b', path: 'a' });
  });

  it('edit refuses what is wrong with every problem, and what was made for another version', async () => {
    await openOne('a');
    expect(
      await refusalOf('edit', 'a', '--set', 'payload=xml', 'limits.maxBytes=0', 'colour=red'),
    ).toMatchObject({
      code: 'GLUE_ENDPOINT_INVALID',
      problems: expect.arrayContaining([
        expect.stringContaining('config.payload'),
        expect.stringContaining('config.limits.maxBytes'),
        expect.stringContaining('colour'),
      ]),
    });
    expect(await refusalOf('edit', 'a', '--set', 'payload')).toMatchObject({
      message: '--set payload is no key=value',
    });
    expect(await refusalOf('edit', 'a', '--name', 'N', '--if-version', '7')).toMatchObject({
      code: 'GLUE_CHANGED_MEANWHILE',
    });
    expect(await json('edit', 'a', '--name', 'N', '--if-version', '1')).toMatchObject({ version: 2 });
  });

  it('link names it after a backend, unlink keeps the name', async () => {
    const reference = await backend();
    await openOne('a');
    expect(await json('link', 'a', reference)).toMatchObject({
      code: 'good-1-a',
      backend: { type: 'good', id: 1 },
    });
    expect(await refusalOf('edit', 'good-1-a', '--code', 'mine')).toMatchObject({
      code: 'GLUE_ENDPOINT_CODE_DERIVED',
    });
    await openOne('b');
    expect(await refusalOf('link', 'b', reference)).toMatchObject({
      code: 'GLUE_ENDPOINT_CONFLICT',
      message:
        'inbound endpoint "b" needs the one inbound link of the backend, which inbound endpoint "good-1-a" (of good,1) has',
    });
    expect((await endpoints('unlink', 'good-1-a')).out).toMatch(
      /^The inbound endpoint "good-1-a" stands alone\.\n/,
    );
    expect(await json('link', 'b', reference)).toMatchObject({ code: 'good-1-b' });
  });

  it('secrets are added, rotated and removed; a value is shown once, where it is made', async () => {
    await endpoints('create', '--side', 'inbound', '--code', 'a', '--set', 'verification.mode=bearer');
    const { out } = await endpoints('secrets', 'add', 'a', '--not-after', '2100-01-01T00:00:00+01:00');
    const [value = ''] = /whsec_\S+/.exec(out) ?? [];
    expect(out).toMatch(
      /^Secret \S+ was added to the inbound endpoint "a"\.\nIt is shown this once:\n\n {2}whsec_\S+\n$/,
    );
    const own = await endpoints('secrets', 'add', 'a', '--value', 'a token of mine');
    expect(own.out).not.toContain('a token of mine');
    expect(await json<AddedSecret>('secrets', 'add', 'a', '--value', 'a second token')).not.toHaveProperty(
      'value',
    );
    await endpoints('activate', 'a');

    const rotated = await endpoints('secrets', 'rotate', 'a', '--overlap', '0');
    expect(rotated.out.match(/counts until/g)).toHaveLength(3);
    const listed = await json<EndpointSecretView[]>('secrets', 'list', 'a');
    expect(listed.map(({ live, lastFour }) => [live, lastFour])).toEqual([
      [false, value.slice(-4)],
      [false, 'mine'],
      [false, 'oken'],
      [true, expect.stringMatching(/.{4}/)],
    ]);
    expect((await endpoints('secrets', 'list', 'a')).out.split('\n')).toHaveLength(5);
    const [first, , , last] = listed.map(({ id }) => id);
    expect((await endpoints('secrets', 'remove', 'a', first ?? '')).out).toContain('was removed');
    expect(await refusalOf('secrets', 'remove', 'a', last ?? '')).toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      message: expect.stringContaining('add or rotate a secret first, or make the endpoint a draft'),
    });
    expect(await refusalOf('secrets', 'remove', 'a', 'nothing')).toMatchObject({
      code: 'GLUE_ENDPOINT_SECRET_NOT_FOUND',
    });
  });

  it('secrets of an outbound endpoint are told apart: those that sign, and those that are sent', async () => {
    await endpoints(
      ...['create', '--side', 'outbound', '--code', 'erp', '--set', 'baseUrl=https://erp.example.com'],
      ...['authentication={"mode":"bearer"}', 'signing={"mode":"standard-webhooks"}'],
    );
    await endpoints('secrets', 'add', 'erp');
    expect(await refusalOf('activate', 'erp')).toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      problems: [expect.stringContaining('authentication: it has no secret to send')],
    });
    const { out } = await endpoints('secrets', 'add', 'erp', '--for', 'authentication', '--value', 'a-token');
    expect(out).toMatch(/^Secret \S+ was added to the outbound endpoint "erp"\.$/);
    expect(await json('activate', 'erp')).toMatchObject({ state: 'active', problems: [] });
    await endpoints('secrets', 'rotate', 'erp', '--for', 'authentication', '--overlap', '0');
    const listed = await json<EndpointSecretView[]>('secrets', 'list', 'erp');
    expect(listed.map(({ usedFor, live }) => [usedFor, live])).toEqual([
      [undefined, true],
      ['authentication', false],
      ['authentication', true],
    ]);
    expect(await refusalOf('secrets', 'add', 'erp', '--for', 'certificate')).toMatchObject({
      problems: ['value: nobody can make it up: give certificate and private key'],
    });
    const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';
    await endpoints('secrets', 'add', 'erp', '--for', 'certificate', '--value', pem);
    expect((await json<EndpointSecretView[]>('secrets', 'list', 'erp')).at(-1)).toMatchObject({
      usedFor: 'certificate',
      lastFour: '',
    });
    const shown = (await endpoints('show', 'erp')).out;
    expect(shown).toMatch(/SECRET +FOR +ENDS/);
    expect(shown).not.toContain('a-token');

    await openOne('in');
    expect(await refusalOf('secrets', 'add', 'in', '--for', 'authentication')).toMatchObject({
      code: 'GLUE_ENDPOINT_INVALID',
      problems: [expect.stringContaining('usedFor: secrets of inbound endpoints')],
    });
  });

  it('tells the sides apart where both have a code, and says when one is absent', async () => {
    await openOne('same');
    await endpoints(
      'create',
      '--side',
      'outbound',
      '--code',
      'same',
      '--set',
      'baseUrl=https://api.example.com',
    );
    expect(await refusalOf('show', 'same')).toMatchObject({
      code: 'GLUE_ENDPOINT_AMBIGUOUS',
      message: 'both sides have an endpoint "same": name one by --side inbound or --side outbound',
    });
    expect(await json('show', 'same', '--side', 'outbound')).toMatchObject({
      side: 'outbound',
      where: 'POST https://api.example.com/',
    });
    expect(await refusalOf('show', 'nothing')).toMatchObject({
      code: 'GLUE_ENDPOINT_NOT_FOUND',
      message: 'there is no inbound or outbound endpoint "nothing"',
    });

    await configure({ sides: ['inbound'] });
    expect(await json('show', 'same')).toMatchObject({ side: 'inbound' });
    for (const command of [
      ['show', 'same'],
      ['activate', 'same'],
      ['create', '--code', 'x'],
      ['secrets', 'list', 'same'],
    ])
      expect(await refusalOf(...command, '--side', 'outbound')).toMatchObject({
        code: 'GLUE_SIDE_ABSENT',
        message: 'this host does not have the outbound side',
      });
  });

  it('works on with the others when the key of the secrets is another one', async () => {
    await endpoints('create', '--side', 'inbound', '--code', 'a', '--set', 'verification.mode=bearer');
    const { id } = await json<AddedSecret>('secrets', 'add', 'a');
    await openOne('b');
    writeFileSync(join(folder, '.glue/secret.key'), Buffer.alloc(32, 9).toString('base64'));
    const listed = (await endpoints('list')).out.split('\n');
    expect(listed[1]).toContain(`secret ${id} of inbound endpoint "a" does not open`);
    expect(listed[2]).not.toContain('not open');
    await endpoints('activate', 'b');
    await endpoints('secrets', 'rotate', 'a', '--overlap', '0');
    await endpoints('secrets', 'remove', 'a', id);
    expect(await json('activate', 'a')).toMatchObject({ state: 'active', problems: [] });
  });

  it('come from seeds as drafts where they are not complete, and provision says why', async () => {
    await configure({
      connectors: {
        enabled: ['incomplete-endpoint'],
        folders: [],
        packages: [fixture('incomplete-endpoint')],
      },
    });
    await run('backends', 'create', '--type', 'incomplete', '--name', 'I');
    for (const dryRun of [['--dry-run'], []]) {
      const { out } = await run('backends', 'provision', 'incomplete,1', ...dryRun);
      expect(out).toMatch(/incomplete-1-out +create +draft/);
      expect(out).toContain(
        'The outbound endpoint "incomplete-1-out" is a draft, since it is not complete:\n  - there is no base URL',
      );
    }
    expect(await json('edit', 'incomplete-1-out', '--set', 'baseUrl=https://api.example.com')).toMatchObject({
      problems: [],
    });
    expect(await json('activate', 'incomplete-1-out')).toMatchObject({ state: 'active' });
  });
});
