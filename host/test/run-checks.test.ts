import { existsSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate, silentLogger } from 'glue-core';
import { runChecks } from '../src/cli/run-checks.js';
import { readConfig } from '../src/cli/with-installation.js';
import { createHost } from '../src/host.js';
import { close, listen } from '../src/http/create-server.js';
import { install, reachDatabase } from '../src/installation.js';
import { prepareRecords } from '../src/prepare-records.js';
import { MARIADBD, MariadbServer } from '../../test/faults/support/mariadb-server.js';
import { fixture, goodBackend, temporaryFolder } from './support/host-fixture.js';

describe('the check of the port', () => {
  let folder: string;
  let remove: () => void;
  let server: Server;
  let taken: number;

  beforeEach(async () => {
    ({ folder, remove } = temporaryFolder());
    server = createServer((_, response) => response.end(JSON.stringify({ status: answer })));
    taken = await listen(server, 0, '127.0.0.1');
  });
  afterEach(async () => {
    await close(server, 0);
    remove();
  });
  let answer = 'ok';

  async function found(port: number): Promise<unknown> {
    const file = join(folder, 'glue.config.json');
    writeFileSync(file, JSON.stringify({ host: { port }, connectors: { folders: [] } }));
    return (await runChecks({ config: file })).find(({ what }) => what === 'port');
  }

  it('says that one is free, or that any will do', async () => {
    expect(await found(0)).toEqual({ state: 'ok', what: 'port', found: 'any that is free' });
    await close(server, 0);
    expect(await found(taken)).toEqual({ state: 'ok', what: 'port', found: `${taken} on 127.0.0.1 is free` });
  });

  it('takes no offence at one that a host of Glue holds', async () => {
    answer = 'ok';
    expect(await found(taken)).toEqual({
      state: 'note',
      what: 'port',
      found: `${taken} on 127.0.0.1 is taken: a Glue host runs there`,
    });
  });

  it('finds that another program holds it', async () => {
    answer = 'well';
    expect(await found(taken)).toEqual({
      state: 'problem',
      what: 'port',
      found: expect.stringContaining(`GLUE_LISTEN: cannot listen on 127.0.0.1, port ${taken}: `),
    });
  });
});

describe('the check of connectors', () => {
  it('names seeds for a backend type that nobody registers', async () => {
    const { folder, remove } = temporaryFolder();
    try {
      const file = join(folder, 'glue.config.json');
      const enabled = ['good', 'misspelt-backend-type'];
      const connectors = { enabled, folders: [], packages: enabled.map(fixture) };
      writeFileSync(file, JSON.stringify({ host: { port: 0 }, connectors }));
      const found = (await runChecks({ config: file })).filter(({ what }) => what === 'connectors');
      expect(found.map(({ state }) => state)).toEqual(['ok', 'ok', 'problem']);
      expect(found[2]?.found).toBe(
        'seed "misspelt-backend-type:inbound" is for backends of the type "mispelt", which no enabled connector registers (registered: good)',
      );
    } finally {
      remove();
    }
  });
});

describe('what keeps a host from starting', () => {
  const connectors = { enabled: ['good'], folders: [], packages: [fixture('good')] };
  const backends = [
    { type: 'good', name: 'Empty' },
    { type: 'good', name: 'Misspelt', settings: { secrett: 'x' } },
    { type: 'other', name: 'Other' },
    { type: 'good', name: 'Fine', settings: goodBackend.settings },
  ];
  let folder: string;
  let remove: () => void;
  let file: string;

  beforeEach(() => {
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'glue.config.json');
  });
  afterEach(() => remove());

  const write = (more: object) =>
    writeFileSync(file, JSON.stringify({ host: { port: 0 }, connectors, log: { level: 'silent' }, ...more }));
  const problemsFound = async (of: string) =>
    (await runChecks({ config: file })).flatMap(({ state, what, found }) =>
      state === 'problem' && what === of ? found : [],
    );

  it('is listed at once by the check, before there is a database', async () => {
    write({ backends });
    const found = await problemsFound('backends');
    expect(found).toHaveLength(3);
    expect(found[0]).toMatch(
      /^GLUE_BACKEND_INVALID: settings of backend "Empty".*\n {2}- settings\.secret: /,
    );
    expect(found[1]).toMatch(/"Misspelt".*\n {2}- settings\.secret: .*\n.*secrett/);
    expect(found[2]).toMatch(/^GLUE_BACKEND_TYPE_UNKNOWN: /);
  });

  it('is listed at once by the start too, which changes nothing then', async () => {
    write({ backends });
    const host = createHost(await readConfig({ config: file }));
    await expect(host.start()).rejects.toMatchObject({
      code: 'GLUE_START_REFUSED',
      message: '3 things keep the host from starting',
      problems: [
        expect.stringMatching(
          /^GLUE_BACKEND_INVALID: settings of backend "Empty" \(type good\) .*settings\.secret/,
        ),
        expect.stringMatching(/"Misspelt".*settings\.secret/),
        expect.stringMatching(/"Misspelt".*secrett/),
        expect.stringMatching(/^GLUE_BACKEND_TYPE_UNKNOWN: /),
      ],
    });
    const { database } = await reachDatabase(await readConfig({ config: file }));
    expect(await database.schema.hasTable('glue_backends')).toBe(false);
    await database.destroy();
    expect(existsSync(join(folder, '.glue/secret.key'))).toBe(false);
  });

  it('is a change that an existing backend does not take, and not what its record holds already', async () => {
    write({ backends: [goodBackend] });
    const host = createHost(await readConfig({ config: file }));
    await host.start();
    await host.stop();
    write({ backends: [{ ...goodBackend, settings: {} }] });
    expect(await problemsFound('backends')).toEqual([]);
    write({ backends: [{ ...goodBackend, settings: { secret: 7 } }] });
    expect(await problemsFound('backends')).toEqual([
      expect.stringMatching(/^GLUE_BACKEND_INVALID: settings of backend good,1 .*\n {2}- settings\.secret: /),
    ]);
  });

  it('is a seed whose configuration is not valid', async () => {
    write({
      connectors: { enabled: ['bad-seed-config'], folders: [], packages: [fixture('bad-seed-config')] },
    });
    expect(await problemsFound('connectors')).toEqual([
      expect.stringMatching(/^GLUE_SEED_INVALID: .*seed "bad-seed-config:inbound".*\n {2}- config\./),
    ]);
    await expect(createHost(await readConfig({ config: file })).start()).rejects.toMatchObject({
      code: 'GLUE_SEED_INVALID',
    });
  });

  it('is a handler that nobody offers, beside other problems', async () => {
    const enabled = ['unknown-seed-handler'];
    write({ connectors: { enabled, folders: [], packages: enabled.map(fixture) }, backends: [backends[2]] });
    expect(await problemsFound('connectors')).toEqual([
      expect.stringMatching(/^GLUE_SEED_HANDLER_UNKNOWN: /),
    ]);
    expect(await problemsFound('backends')).toHaveLength(1);
  });
});

describe('the checks of endpoints', () => {
  let folder: string;
  let remove: () => void;
  let file: string;

  beforeEach(() => {
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'glue.config.json');
    writeConfig();
  });
  afterEach(() => remove());

  function writeConfig(more: object = {}): void {
    const config = {
      host: { name: 'checked' },
      ...more,
      connectors: { enabled: ['good'], folders: [], packages: [fixture('good')] },
      backends: [{ ...goodBackend, provision: true }],
    };
    writeFileSync(file, JSON.stringify(config));
  }

  /** Makes the records, and gives the inbound endpoint another configuration. */
  async function endpointsWith(config?: object): Promise<void> {
    const opened = await reachDatabase(await readConfig({ config: file }));
    try {
      await migrate(opened.database, opened.migrations);
      await prepareRecords(
        await install(await readConfig({ config: file }), opened, { logger: silentLogger }),
      );
      if (config) await opened.database('glue_inbound_endpoints').update({ config: JSON.stringify(config) });
    } finally {
      await opened.database.destroy();
    }
  }

  const found = async () => (await runChecks({ config: file })).filter(({ what }) => what === 'endpoints');

  it('count those that are well', async () => {
    await endpointsWith();
    expect(await found()).toEqual([{ state: 'ok', what: 'endpoints', found: 'all 2 are in order' }]);
  });

  it('warn of one that anybody can post to', async () => {
    await endpointsWith({ verification: { mode: 'none' } });
    expect(await found()).toEqual([
      { state: 'ok', what: 'endpoints', found: '1 of 2 are in order' },
      {
        state: 'note',
        what: 'endpoints',
        found: 'inbound good-1-inbound: WARNING: not verified, anybody can post here',
      },
    ]);
  });

  it('take note of a draft that is not complete, and name an active one that is broken', async () => {
    await endpointsWith({ verification: { mode: 'bearer' } });
    const lacks =
      'it has no secret to verify with (none is named): set it in the backend, or give the endpoint one of its own: glue endpoints secrets add <code>';
    expect(await found()).toContainEqual({
      state: 'problem',
      what: 'endpoints',
      found: `inbound good-1-inbound: BROKEN: ${lacks}`,
    });
    const { database } = await reachDatabase(await readConfig({ config: file }));
    await database('glue_inbound_endpoints').update({ state: 'draft' });
    await database.destroy();
    expect(await found()).toContainEqual({
      state: 'note',
      what: 'endpoints',
      found: `inbound good-1-inbound: not complete: ${lacks}`,
    });
  });

  it('name one that is not valid', async () => {
    await endpointsWith({ verification: { mode: 'hmac' } });
    expect(await found()).toContainEqual({
      state: 'problem',
      what: 'endpoints',
      found: expect.stringContaining('inbound good-1-inbound: not valid: config.verification: name a preset'),
    });
  });

  const itOnServer = MARIADBD === undefined ? it.skip : it;
  itOnServer(
    `warn of one whose largest bodies the database does not take${MARIADBD === undefined ? ' (skipped: GLUE_TEST_MARIADBD is not set)' : ''}`,
    async () => {
      const server = await MariadbServer.create({ args: ['--max-allowed-packet=2M'] });
      try {
        await server.start();
        await server.ask('CREATE DATABASE glue');
        writeConfig({ database: { client: 'mysql', url: server.url('glue') } });
        await endpointsWith();
        expect(await found()).toEqual([{ state: 'ok', what: 'endpoints', found: 'all 2 are in order' }]);
        const verification = { mode: 'none' };
        await endpointsWith({ verification, limits: { maxBytes: 2 * 1024 * 1024 } });
        expect(await found()).toContainEqual({
          state: 'note',
          what: 'endpoints',
          found: expect.stringMatching(
            /^inbound good-1-inbound: WARNING: max_allowed_packet of the database is 2097152, .*raise it to 2359296/,
          ),
        });
      } finally {
        await server.remove();
      }
    },
    60_000,
  );
});
