import { execFile } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HostProcess } from './faults/support/host-process.js';
import { until } from './faults/support/until.js';

const SECRET = 'not a real secret';
const hook = join(import.meta.dirname, 'support/without-outbound.mjs');
const connector = (name: string) => join(import.meta.dirname, 'fixtures/connectors', name);

interface Check {
  readonly state: 'ok' | 'problem' | 'note';
  readonly what: string;
  readonly found: string;
}

describe('a host without glue-outbound', () => {
  let folder: string;
  let host: HostProcess;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'glue-without-outbound-'));
    host = await HostProcess.start({ configFile: configFile('asks-outbound'), imports: [hook] });
  });
  afterAll(async () => {
    await host.stop();
    rmSync(folder, { recursive: true });
  });

  function configFile(enabled: string): string {
    const file = join(folder, `${enabled}.json`);
    const config = {
      host: { name: 'one', port: 0 },
      connectors: { enabled: [enabled], folders: [], packages: ['asks-outbound', 'relay'].map(connector) },
      backends: [
        {
          type: 'asking',
          name: 'Asking',
          settings: { secret: SECRET },
          provision: enabled === 'asks-outbound',
        },
      ],
    };
    writeFileSync(file, JSON.stringify(config));
    return file;
  }

  /** Runs a command of the CLI to its end and gives what it printed. */
  function glue(enabled: string, ...parameters: string[]): Promise<unknown> {
    const args = ['--import', hook, 'host/dist/bin/glue.js', ...parameters];
    return new Promise((resolve, reject) => {
      execFile(process.execPath, [...args, '--config', configFile(enabled), '--json'], (_error, out, err) => {
        if (out === '') reject(new Error(err));
        else resolve(JSON.parse(out));
      });
    });
  }
  const checks = async (enabled: string) => (await glue(enabled, 'check')) as Check[];

  async function send(body: string): Promise<string> {
    const signature = createHmac('sha256', SECRET).update(body).digest('hex');
    const headers = { 'x-hub-signature-256': `sha256=${signature}` };
    const answer = await fetch(`${host.url}/webhooks/in/asking`, { method: 'POST', body, headers });
    expect(answer.status).toBe(202);
    return ((await answer.json()) as { event_id: string }).event_id;
  }
  async function finished(id: string): Promise<Record<string, unknown>> {
    let event: Record<string, unknown> = {};
    await until(
      'the event is finished',
      async () => {
        event = (await glue('asks-outbound', 'events', 'show', id)) as Record<string, unknown>;
        return event['state'] === 'done' || event['state'] === 'dead_letter';
      },
      20_000,
    );
    return event;
  }

  it('takes events and processes them', async () => {
    expect(await finished(await send('{"type":"tell"}'))).toMatchObject({
      state: 'done',
      note: 'nothing asked',
    });
  });

  it('tells a handler that queues what is missing', async () => {
    expect(await finished(await send('{"type":"ask"}'))).toMatchObject({
      state: 'dead_letter',
      note: expect.stringContaining(
        'a handler asks for an outbound endpoint, but the outbound side is not installed',
      ) as unknown,
    });
  });

  it('says in a check what is absent, and which seeds are left out', async () => {
    const found = await checks('asks-outbound');
    expect(found.filter(({ state }) => state === 'problem')).toEqual([]);
    expect(found).toContainEqual({
      state: 'note',
      what: 'sides',
      found: 'outbound: glue-outbound is not installed',
    });
    expect(found.find(({ what }) => what === 'connectors')?.found).toMatch(
      /asks-outbound 1\.0\.0 is enabled .*asks-outbound:answers/,
    );
  });

  it('says in a check which package a connector needs', async () => {
    expect(await checks('relay')).toContainEqual(
      expect.objectContaining({
        state: 'problem',
        what: 'connectors',
        found: expect.stringMatching(
          /connector "relay" .* needs glue-outbound, which is not installed here: npm install glue-outbound/,
        ) as unknown,
      }),
    );
  });
});
