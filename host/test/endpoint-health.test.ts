import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { newId, openDatabase, type Database } from 'glue-core';
import { temporaryFolder } from './support/host-fixture.js';
import { runCommand } from './support/run-command.js';

const AT = Date.UTC(2026, 0, 1, 12);
const HOUR = 3_600_000;

describe('glue endpoints, of the health of an outbound endpoint,', () => {
  let folder: string;
  let remove: () => void;
  let file: string;
  let database: Database;
  let id: number;

  beforeEach(async () => {
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'glue.config.json');
    const config = {
      host: { name: 'cli' },
      database: { client: 'sqlite', durability: 'fast', file: join(folder, 'glue.db') },
      connectors: { enabled: [], folders: [] },
    };
    writeFileSync(file, JSON.stringify(config));
    await run('migrate');
    database = openDatabase({ client: 'sqlite', file: join(folder, 'glue.db'), durability: 'fast' });
    const set = ['baseUrl=https://api.example.com', 'release.perSecond=5'];
    await endpoints('create', '--side', 'outbound', '--code', 'orders', '--set', ...set);
    await endpoints('activate', 'orders');
    ({ id } = JSON.parse(await endpoints('show', 'orders', '--json')) as { id: number });
  });
  afterEach(async () => {
    await database.destroy();
    remove();
  });

  async function run(...parameters: string[]): Promise<string> {
    const { out, error } = await runCommand(file, ...parameters);
    if (error !== undefined) throw error as Error;
    return out;
  }
  const endpoints = (...parameters: string[]) => run('endpoints', ...parameters);

  async function queue(count: number, dueAt: number): Promise<void> {
    for (let n = 0; n < count; n += 1) {
      const delivery = newId(AT + n);
      await database('glue_deliveries').insert({
        ...{ id: delivery, arrival: delivery, endpoint_id: id, state: 'queued', phase: 0 },
        ...{ due_at: dueAt, content_hash: 'x', created_at: AT },
      });
    }
  }

  it('show and list say nothing bad of one of which nothing was heard, and ok of one that works', async () => {
    expect(await endpoints('show', 'orders')).toContain('Health: no delivery accepted yet.');
    await database('glue_outbound_health').insert({ endpoint_id: id, succeeded_at: AT });
    expect(await endpoints('show', 'orders')).toContain('Health: last accepted 2026-01-01 12:00:00.000.');
    expect(await endpoints('list')).toMatch(/HEALTH[^]* ok\s*$/);
  });

  it('show tells of failures: since when, how many, what was warned of and when it is disabled', async () => {
    await database('glue_outbound_health').insert({
      ...{ endpoint_id: id, succeeded_at: AT - HOUR, failing_since: AT, failed_at: AT + HOUR },
      ...{ exhausted: 7, warned: 1 },
    });
    expect(await endpoints('show', 'orders')).toContain(
      [
        'Health: only failures since 2026-01-01 12:00:00.000, the last 2026-01-01 13:00:00.000; last accepted 2026-01-01 11:00:00.000.',
        '  Dead letters by them: 7. Warnings: 1.',
        '  If that lasts until 2026-01-06 12:00:00.000, and 20 are dead letters, the endpoint is disabled.',
      ].join('\n'),
    );
    expect(await endpoints('list')).toContain('only failures since 2026-01-01 12:00:00.000');
    expect(JSON.parse(await endpoints('show', 'orders', '--json'))).toMatchObject({
      health: {
        ...{ failingSince: AT, failedAt: AT + HOUR, succeededAt: AT - HOUR, exhausted: 7, warned: 1 },
        disabled: { notBefore: AT + 120 * HOUR, exhausted: 20 },
      },
    });
    await endpoints('edit', 'orders', '--set', 'autoDisable.after=0');
    expect(await endpoints('show', 'orders')).not.toContain('is disabled');
  });

  it('deliveries that are held tell why, before what was noted of them', async () => {
    await queue(1, AT);
    await endpoints('pause', 'orders');
    const delivery = newId(AT);
    await database('glue_deliveries').update({ id: delivery });
    const content = { delivery_id: delivery, payload: '1', context: '{}', headers: '{}' };
    await database('glue_delivery_payloads').insert(content);
    const held = { state: 'held', heldReason: 'endpoint "orders" is paused' };
    const listed = await run('deliveries', 'list', '--state', 'held', '--json');
    expect(JSON.parse(listed)).toMatchObject([held]);
    expect(JSON.parse(await run('deliveries', 'show', delivery, '--json'))).toMatchObject(held);
    for (const out of [await run('deliveries', 'list'), await run('deliveries', 'show', delivery)])
      expect(out).toMatch(/ endpoint "orders" is paused\s*$/m);
    await database('glue_deliveries').update({ note: 'answered 503' });
    expect(await run('deliveries', 'list')).toContain('endpoint "orders" is paused; before: answered 503');
    await endpoints('activate', 'orders');
    expect(await run('deliveries', 'list')).toMatch(/ answered 503\s*$/);
    expect(await run('deliveries', 'list', '--json')).not.toContain('heldReason');
  });

  it('show and list count what is held, and what of it was released', async () => {
    await queue(3, AT);
    expect(await endpoints('show', 'orders')).not.toMatch(/held/i);
    await endpoints('pause', 'orders');
    expect(await endpoints('show', 'orders')).toMatch(/Deliveries held: 3\.$/);
    await database('glue_outbound_holds').insert({ endpoint_id: id, held_at: AT });
    expect(await endpoints('show', 'orders')).toContain(
      'Deliveries held: 3. Held since 2026-01-01 12:00:00.000.',
    );
    expect(await endpoints('list')).toContain(' 3 held');

    await endpoints('activate', 'orders');
    await database('glue_outbound_holds').update({ released_at: AT + HOUR, round: 1, backlog: 10 });
    await queue(2, AT + 2 * HOUR);
    expect(await endpoints('show', 'orders')).toContain(
      'Held deliveries released since 2026-01-01 13:00:00.000: 7 of 10, 10 a second on each host.',
    );
    expect(await endpoints('list')).toContain('released 7 of 10');
  });

  it('show and list tell why it was disabled', async () => {
    const reason = 'only failures since 2026-01-01 12:00 UTC, 24 deliveries given up';
    await database('glue_outbound_endpoints').update({ state: 'disabled', reason });
    expect(await endpoints('show', 'orders')).toContain(`disabled (${reason})`);
    expect(await endpoints('list')).toContain(`disabled (${reason})`);
  });
});
