import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { fixture, goodBackend, temporaryFolder } from './support/host-fixture.js';

const ROOT = join(import.meta.dirname, '../..');
const GLUE = join(ROOT, 'host/dist/bin/glue.js');
const TIMEOUT_MS = 25_000;

interface Ended {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs one command of the built CLI to its end. */
function glue(cwd: string, ...parameters: string[]): Promise<Ended> {
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [GLUE, ...parameters],
      { cwd, env: { PATH: process.env['PATH'] }, timeout: TIMEOUT_MS, killSignal: 'SIGKILL' },
      (error, out, err) => resolve({ code: error === null ? 0 : Number(error.code ?? -1), out, err }),
    );
  });
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

describe('the command line', () => {
  let folder: string;
  let remove: () => void;
  let host: ChildProcess | undefined;
  let started = '';

  beforeAll(async () => {
    ({ folder, remove } = temporaryFolder());
    const config = {
      host: { name: 'cli', port: await freePort() },
      connectors: { enabled: ['good'], folders: [], packages: [fixture('good')] },
      backends: [{ ...goodBackend, provision: true }],
    };
    writeFileSync(join(folder, 'glue.config.json'), JSON.stringify(config));
  });
  afterAll(async () => {
    if (host?.exitCode === null) {
      host.kill('SIGKILL');
      await once(host, 'exit');
    }
    remove();
  });

  const run = (...parameters: string[]) => glue(folder, ...parameters);
  const json = async (...parameters: string[]): Promise<unknown> =>
    JSON.parse((await run(...parameters, '--json')).out);

  it('has a version and help', async () => {
    expect((await run('--version')).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await run('--help')).out).toContain('deliveries');
    expect(await run('nonsense')).toMatchObject({
      code: 1,
      err: expect.stringContaining("unknown command 'nonsense'"),
    });
  });

  it('prints what is wrong and what to do, without a stack', async () => {
    const { code, out, err } = await run('events', 'list', '--config', 'missing.yaml');
    expect([code, out]).toEqual([1, '']);
    expect(err).toBe(
      `GLUE_CONFIG_NOT_FOUND: there is no file ${join(folder, 'missing.yaml')}\n` +
        '  What to do: Create it, or name another with `--config`.\n',
    );
  });

  it('shows where an error comes from when asked to', async () => {
    expect((await run('events', 'list', '--config', 'missing.yaml', '--verbose')).err).toContain('    at ');
  });

  it('check finds that the database is not migrated, and then that nothing is wrong', async () => {
    const before = await run('check');
    expect(before.code).toBe(1);
    expect(before.out).toMatch(/^PROBLEM {2}database .*GLUE_SCHEMA_OLDER/m);
    expect(await run('events', 'list')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_SCHEMA_OLDER/),
    });
    expect(await run('endpoints', 'list')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_SCHEMA_OLDER[^]*What to do: Run `glue migrate`, or `glue start`/),
    });
    expect(await json('connectors', 'list')).toMatchObject([{ id: 'good', state: 'enabled' }]);
    expect((await run('migrate')).out).toContain('applied core-001-backends');
    expect((await run('migrate')).out).toBe('The schema is up to date.\n');
    const after = await run('check');
    expect([after.code, after.out]).toEqual([0, expect.stringMatching(/Nothing is wrong\.\n$/)]);
    expect(after.out).toMatch(/^ok {7}connectors {2}good 1\.2\.3 is enabled/m);
  });

  it('start says where providers call, where data lies and how to try it', async () => {
    host = spawn(process.execPath, [GLUE, 'start'], { cwd: folder, env: { PATH: process.env['PATH'] } });
    host.stdout?.setEncoding('utf8').on('data', (text: string) => (started += text));
    while (!started.includes('See what came')) await once(host.stdout ?? host, 'data');
    expect(started).toMatch(/Glue is running at http:\/\/127\.0\.0\.1:\d+ /);
    expect(started).toMatch(/Good inbound: {2}http:\/\/127\.0\.0\.1:\d+\/webhooks\/in\/good-1-inbound\n/);
    expect(started).toContain('.glue/glue.db; the key of its secrets in .glue/secret.key');
    expect(started).toContain('glue send good,1');
  });

  it('send posts a signed sample to the running host, which takes it', async () => {
    const sent = await run('send', 'good,1');
    expect(sent).toMatchObject({ code: 0, out: expect.stringContaining('→ 202 {"status":"accepted"') });
    expect(await run('send', 'good,1', '--event', 'nothing')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_SAMPLE_NOT_FOUND.*\(there are: thing\.happened\)/),
    });
    expect(await json('send', 'good,1', '--set', 'id=2')).toMatchObject({
      event: 'thing.happened',
      status: 202,
    });
  });

  it('lists and shows what came of it', async () => {
    const events = (await json('events', 'list')) as { id: string; state: string }[];
    expect(events).toMatchObject([
      { type: 'thing.happened', deliveryKey: '2' },
      { type: 'thing.happened', deliveryKey: '1' },
    ]);
    const { out } = await run('events', 'show', events[1]?.id ?? '');
    expect(out).toContain('good-1-inbound');
    expect(out).toContain('"type": "thing.happened"');
    expect(out).toMatch(/KIND +HANDLER +BACKEND +KNOWN BY +AS\nprimary +good,1 +delivery_id +1\n/);
    expect(out).toContain('event_type: thing.happened');
    expect(await run('events', 'show', '00000000-0000-7000-8000-000000000000')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_EVENT_NOT_FOUND/),
    });
    expect((await run('events', 'list', '--state', 'dead_letter')).out).toBe('There is no event.\n');
    expect((await run('events', 'list', '--state', 'lost')).code).toBe(1);
    expect((await run('deliveries', 'list')).out).toBe('There is no delivery.\n');
  });

  it('has the running host do a finished event again, and refuses what is not possible', async () => {
    const [, first] = (await json('events', 'list')) as { id: string }[];
    const id = first?.id ?? '';
    expect(await run('events', 'cancel', id)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_WORK_STATE: event .* is done, .*possible now: replay/),
    });
    const replay = (await json('events', 'replay', id, '--note', 'to see it again')) as { replayId: string };
    expect(replay).toMatchObject({ id, move: 'replay', from: 'done', hostRuns: true });
    let state = '';
    for (const deadline = Date.now() + 10_000; state !== 'done' && Date.now() < deadline;)
      ({ state } = (await json('events', 'show', replay.replayId)) as { state: string });
    expect(await json('events', 'show', replay.replayId)).toMatchObject({
      ...{ state: 'done', kind: 'replay', primaryId: id, attempts: 1 },
    });
  });

  it('shows the bytes of an event exactly, and lists by filter', async () => {
    const [event] = (await json(
      'events',
      'list',
      '--endpoint',
      'good-1-inbound',
      '--since',
      '1h',
      '--limit',
      '1',
    )) as {
      id: string;
    }[];
    const { out } = await run('events', 'show', event?.id ?? '', '--raw');
    const shown = (await json('events', 'show', event?.id ?? '')) as { payload: { body: string } };
    expect(out).toBe(shown.payload.body);
    expect((await run('rejections', 'list', '--cause', 'signature')).out).toBe('There is no rejection.\n');
  });

  it('shows what was refused, with what is kept of it', async () => {
    const [url = ''] = /http:\S+good-1-inbound/.exec(started) ?? [];
    const refused = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-shop': 'north' },
      body: '{}',
    });
    expect(refused.status).toBe(401);
    let listed: { id: string }[] = [];
    while (listed.length === 0)
      listed = (await json('rejections', 'list', '--cause', 'signature')) as { id: string }[];
    const { out } = await run('rejections', 'show', listed[0]?.id ?? '');
    expect(out).toContain('good-1-inbound');
    expect(out).toMatch(/^x-shop: north$/m);
    expect(out).toMatch(/No body was kept: bodies are kept only of proven requests\.\n$/);
    expect(await json('rejections', 'show', listed[0]?.id ?? '')).toEqual(listed[0]);
    expect(await run('rejections', 'show', 'nothing')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_REJECTION_NOT_FOUND/),
    });
  });

  it('moves every event that a filter finds: counted first, then made by the running host', async () => {
    expect(await run('events', 'bulk', 'start', 'replay')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_FILTER_MISSING/),
    });
    const filter = ['--endpoint', 'good-1-inbound', '--state', 'done'];
    const dry = (await json('events', 'bulk', 'start', 'replay', ...filter, '--dry-run')) as {
      total: number;
    };
    expect(dry.total).toBeGreaterThan(1);
    const started = (await json('events', 'bulk', 'start', 'replay', ...filter)) as { id: string };
    expect(started).toMatchObject({ total: dry.total, state: 'running', hostRuns: true });
    let bulk = {};
    for (const deadline = Date.now() + 10_000; Date.now() < deadline;) {
      bulk = (await json('events', 'bulk', 'show', started.id)) as object;
      if ('state' in bulk && bulk.state === 'done') break;
    }
    expect(bulk).toMatchObject({ state: 'done', moved: dry.total, skipped: 0, actor: 'cli' });
    expect((await run('events', 'bulk', 'list')).out).toContain(`${dry.total} of ${dry.total}`);
    expect((await run('events', 'bulk', 'cancel', started.id)).err).toMatch(/^GLUE_WORK_STATE/);
  });

  it('lists connectors, backends and endpoints', async () => {
    expect(await json('connectors', 'list')).toMatchObject([
      { id: 'good', state: 'enabled', version: '1.2.3' },
    ]);
    expect(await json('backends', 'list')).toMatchObject([
      { reference: 'good,1', code: 'good', state: 'ready', inbound: 1, outbound: 1 },
    ]);
    expect(await json('endpoints', 'list')).toMatchObject([
      {
        side: 'inbound',
        code: 'good-1-inbound',
        where: expect.stringContaining('/webhooks/in/good-1-inbound'),
      },
      { side: 'outbound', code: 'good-1-answers', where: 'POST https://api.good.example/answers' },
    ]);
  });

  it('creates a backend without endpoints, and provisions it: dry first, then really, then again', async () => {
    const created = await run(
      'backends',
      'create',
      '--type',
      'good',
      '--name',
      'Second',
      '--set',
      'secret=a secret',
      'retries=5',
    );
    expect(created).toMatchObject({
      code: 0,
      out: expect.stringContaining('Backend good,2 "Second" (code second)'),
    });
    expect(created.out + created.err).not.toContain('a secret');
    expect((await run('backends', 'provision', 'good,2', '--dry-run')).out).toContain('Nothing was changed');
    const counts = async () => ((await json('backends', 'list')) as { inbound: number }[])[1]?.inbound;
    expect(await counts()).toBe(0);
    expect(await json('backends', 'provision', 'good,2')).toMatchObject({
      changes: [
        { action: 'create', code: 'good-2-inbound' },
        { action: 'create', code: 'good-2-answers' },
      ],
    });
    expect(await counts()).toBe(1);
    expect(await json('backends', 'resync', 'good,2')).toMatchObject({
      changes: [{ action: 'unchanged' }, { action: 'unchanged' }],
    });
    expect(await run('backends', 'create', '--type', 'good', '--name', 'Third')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^GLUE_BACKEND_INVALID[^]*settings\.secret/),
    });
  });

  it('the running host takes events for the new backend within moments', async () => {
    const deadline = Date.now() + 5_000;
    let status = 0;
    while (status !== 202 && Date.now() < deadline)
      ({ status } = (await json('send', 'good,2')) as { status: number });
    expect(status).toBe(202);
  });

  it('stops in order on SIGTERM, and then nobody answers', async () => {
    host?.kill('SIGTERM');
    const [code] = (await once(host ?? process, 'exit')) as [number];
    expect(code).toBe(0);
    const [event] = (await json('events', 'list')) as { id: string }[];
    expect((await run('events', 'replay', event?.id ?? '')).out).toContain(
      'No host runs: it is taken up when one starts.',
    );
    expect(await run('send', 'good,1')).toMatchObject({
      code: 1,
      err: expect.stringMatching(
        /^GLUE_HOST_UNREACHABLE: no host answers at http:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/,
      ),
    });
  });
});

describe('the demo', () => {
  it('does the main job over real HTTP and counts what the database holds', async () => {
    const { code, out, err } = await glue(ROOT, 'demo', '--json');
    expect([code, err]).toEqual([0, '']);
    expect(out).not.toContain('NOT AS EXPECTED');
    expect(JSON.parse(out.trim().split('\n').at(-1) ?? '')).toEqual({
      received: 1,
      processed: 1,
      delivered: 1,
      attempts: 3,
      duplicates: 1,
      rejected: 4,
    });
  });
});
