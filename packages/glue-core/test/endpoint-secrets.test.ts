import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import { SecretBox } from '../src/crypto/secret-box.js';
import type { Database } from '../src/database/database.js';
import { isLiveSecret, type NewSecret, type SecretWindow } from '../src/endpoint/endpoint-secret.js';
import { hasEndpointSecrets } from '../src/endpoint/endpoint-secret-table.js';
import type { EndpointSecrets } from '../src/endpoint/endpoint-secrets.js';
import type { GlueError } from '../src/errors/glue-error.js';
import type { SideName } from '../src/side/side-name.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { auditOf, changesOf } from './support/rows.js';
import { sameBox } from './support/shop-connector.js';
import { endpointStore, makeEndpointTables, ownRow } from './support/shop-endpoints.js';

describe('a secret counts', () => {
  test.each<[SecretWindow, number, boolean]>([
    [{}, 0, true],
    [{ notBefore: 100 }, 99, false],
    [{ notBefore: 100 }, 100, true],
    [{ notAfter: 200 }, 200, true],
    [{ notAfter: 200 }, 201, false],
    [{ notBefore: 100, notAfter: 200 }, 150, true],
    [{ notBefore: 100, notAfter: 200 }, 250, false],
  ])('of %j at %d: %s', (window, nowMs, live) => {
    expect(isLiveSecret(window, nowMs)).toBe(live);
  });
});

const HOUR = 3_600_000;
const value = 'a secret of the provider';

describeEachDatabase('the secrets of endpoints', (openDatabase) => {
  let database: Database;
  const clock = new ManualClock();
  let inbound: EndpointSecrets;

  const secretsOf = (side: SideName, box = sameBox()) =>
    endpointStore(database, clock, side, { box }).secrets;
  const addEndpoint = async (code: string, side: SideName = 'inbound'): Promise<number> => {
    const more = side === 'inbound' ? { path: code } : { suffix: code };
    const [id] = await database(`glue_${side}_endpoints`).insert(ownRow(code, more));
    return Number(id);
  };

  beforeEach(async () => {
    database = await openDatabase();
    await makeEndpointTables(database);
    inbound = secretsOf('inbound');
  });

  afterEach(() => database.destroy());

  it.each(['inbound', 'outbound'] as const)('are added, opened, listed and removed: %s', async (side) => {
    const secrets = secretsOf(side);
    const id = await addEndpoint('a', side);
    await addEndpoint('b', side);
    const added = await secrets.add('a', { value }, 'ann');
    expect(added).toEqual({
      id: expect.any(String),
      value,
      createdAt: clock.now(),
      live: true,
      lastFour: 'ider',
    });
    expect(await secrets.openAll()).toEqual(new Map([[id, [{ id: added.id, value }]]]));
    const { value: _shownOnce, ...view } = added;
    expect(await secrets.list('a')).toEqual([view]);
    expect(await secrets.list('b')).toEqual([]);

    await secrets.remove('a', added.id, 'ann');
    expect([await secrets.openAll(), await secrets.list('a')]).toEqual([new Map(), []]);
  });

  it('are made where none is given: whsec_ and 32 random bytes in base64', async () => {
    await addEndpoint('a');
    const made = [await inbound.add('a', {}, 'ann'), await inbound.add('a', {}, 'ann')];
    for (const { value: text } of made) {
      expect(text).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
      expect(Buffer.from(text.slice('whsec_'.length), 'base64')).toHaveLength(32);
    }
    expect(made[0]?.value).not.toBe(made[1]?.value);
  });

  test.each([
    ['1234567', ''],
    ['12345678', '5678'],
    ['1234567🔑', '567🔑'],
    ['🔑🔑🔑🔑', ''],
  ])('of the value %s show "%s"', async (text, lastFour) => {
    await addEndpoint('a');
    expect(await inbound.add('a', { value: text }, 'ann')).toMatchObject({ lastFour });
    expect(await inbound.list('a')).toMatchObject([{ lastFour }]);
  });

  it('lie in no row in clear, and not in the trace', async () => {
    await addEndpoint('a');
    const { value: made } = await inbound.add('a', {}, 'ann');
    await inbound.add('a', { value }, 'ann');
    await inbound.rotate('a', { value: 'another secret' }, 'ann');
    const rows = await Promise.all(
      ['glue_inbound_secrets', 'glue_audit', 'glue_changes'].map((table) => database(table).select()),
    );
    const text = JSON.stringify(rows);
    for (const secret of [made, value, 'another secret']) expect(text).not.toContain(secret);
  });

  it('count in their window only', async () => {
    const id = await addEndpoint('a');
    const now = clock.now();
    const window = { notBefore: now + HOUR, notAfter: now + 2 * HOUR };
    const added = await inbound.add('a', { value, ...window }, 'ann');
    expect(added).toMatchObject({ ...window, live: false });
    expect(await inbound.openAll()).toEqual(new Map([[id, [{ id: added.id, value, ...window }]]]));
    clock.advance(HOUR);
    expect(await inbound.list('a')).toMatchObject([{ live: true }]);
    clock.advance(HOUR + 1);
    expect(await inbound.list('a')).toMatchObject([{ live: false }]);
  });

  test.each<[NewSecret, string]>([
    [{ value: '' }, 'value: '],
    [{ value: 'x'.repeat(4_097) }, 'value: '],
    [{ value: `${value}\n` }, 'value: holds a line break'],
    [{ notBefore: -1 }, 'notBefore: '],
    [{ notBefore: 5, notAfter: 4 }, 'notAfter: must not be earlier than notBefore'],
  ])('are refused when they are as wrong as %#', async (secret, problem) => {
    await addEndpoint('a');
    const refused = inbound.add('a', secret, 'ann');
    await expect(refused).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INVALID',
      message: 'the secret for inbound endpoint "a" is not valid',
      problems: [expect.stringContaining(problem)],
    });
    expect(await inbound.list('a')).toEqual([]);
  });

  it('rotate: a new one counts now, the old ones for a day beside it', async () => {
    await addEndpoint('a');
    await addEndpoint('other');
    const now = clock.now();
    const [first, second] = [await inbound.add('a', {}, 'ann'), await inbound.add('a', {}, 'ann')];
    const short = await inbound.add('a', { notAfter: now + HOUR }, 'ann');
    const ended = await inbound.add('a', { notAfter: now - HOUR }, 'ann');
    const later = await inbound.add('a', { notBefore: now + HOUR }, 'ann');
    const untouched = await inbound.add('other', {}, 'ann');

    clock.advance(1);
    const end = clock.now() + 24 * HOUR - 1;
    const { added, ending } = await inbound.rotate('a', {}, 'bob');
    expect(added).toMatchObject({ live: true, value: expect.stringMatching(/^whsec_/) });
    expect(added).not.toHaveProperty('notAfter');
    expect(ending).toMatchObject([
      { id: first.id, notAfter: end, live: true },
      { id: second.id, notAfter: end, live: true },
      { id: short.id, notAfter: now + HOUR, live: true },
    ]);
    const ends = async (code: string) =>
      new Map((await inbound.list(code)).map(({ id, notAfter, live }) => [id, [notAfter, live]]));
    expect(await ends('a')).toEqual(
      new Map([
        [first.id, [end, true]],
        [second.id, [end, true]],
        [short.id, [now + HOUR, true]],
        [ended.id, [now - HOUR, false]],
        [later.id, [undefined, false]],
        [added.id, [undefined, true]],
      ]),
    );
    expect(await ends('other')).toEqual(new Map([[untouched.id, [undefined, true]]]));
  });

  it('rotate with an overlap of choice: with none the old ones end now', async () => {
    await addEndpoint('a');
    await inbound.add('a', {}, 'ann');
    const { added } = await inbound.rotate('a', { value, overlapMs: 0 }, 'ann');
    expect((await inbound.list('a')).map(({ live }) => live)).toEqual([false, true]);
    expect(added.value).toBe(value);
    await expect(inbound.rotate('a', { overlapMs: -1 }, 'ann')).rejects.toEqual(
      refusal('GLUE_ENDPOINT_INVALID'),
    );
  });

  describe('that are for authentication', () => {
    const token = { value: 'a token', usedFor: 'authentication' } as const;
    let outbound: EndpointSecrets;
    let id: number;

    beforeEach(async () => {
      outbound = secretsOf('outbound');
      id = await addEndpoint('a', 'outbound');
    });

    it('are told apart wherever they are shown', async () => {
      const added = await outbound.add('a', token, 'ann');
      expect(added).toMatchObject(token);
      expect(await outbound.list('a')).toMatchObject([{ usedFor: 'authentication' }]);
      expect((await outbound.openAll()).get(id)).toEqual([{ id: added.id, ...token }]);
      expect(await auditOf(database)).toMatchObject([{ detail: { usedFor: 'authentication' } }]);
    });

    it('are rotated among themselves', async () => {
      await outbound.add('a', {}, 'ann');
      await outbound.add('a', token, 'ann');
      const { added } = await outbound.rotate('a', { ...token, value: 'new', overlapMs: 0 }, 'ann');
      await outbound.rotate('a', { overlapMs: 0 }, 'ann');
      expect(added.usedFor).toBe('authentication');
      expect((await outbound.list('a')).map(({ usedFor, live }) => [usedFor, live])).toEqual([
        [undefined, false],
        ['authentication', false],
        ['authentication', true],
        [undefined, true],
      ]);
    });

    it('do not open for another use: whoever writes to the database makes no key be sent', async () => {
      const { id: secret } = await outbound.add('a', {}, 'ann');
      await database('glue_outbound_secrets').where({ id: secret }).update({ used_for: 'authentication' });
      const reported: string[] = [];
      expect((await outbound.openAll((_id, { message }) => reported.push(message))).size).toBe(0);
      expect(reported).toEqual([expect.stringContaining(`secret ${secret} of outbound endpoint "a"`)]);
    });

    it('are refused where requests are verified', async () => {
      await addEndpoint('b');
      const problems = [expect.stringContaining('usedFor: secrets of inbound endpoints')];
      await expect(inbound.add('b', token, 'ann')).rejects.toMatchObject({
        code: 'GLUE_ENDPOINT_INVALID',
        problems,
      });
      await expect(inbound.rotate('b', token, 'ann')).rejects.toMatchObject({ problems });
    });
  });

  it('that are a certificate may have many lines, and are given by whom they belong to', async () => {
    await addEndpoint('a', 'outbound');
    const outbound = secretsOf('outbound');
    const pem = `-----BEGIN CERTIFICATE-----\n${'x'.repeat(5_000)}\n-----END CERTIFICATE-----\n`;
    const certificate = { usedFor: 'certificate', value: pem } as const;
    expect(await outbound.add('a', certificate, 'ann')).toMatchObject({ ...certificate, lastFour: '' });
    for (const wrong of [
      { usedFor: 'certificate' },
      { value: pem },
      { ...certificate, value: pem.repeat(14) },
    ])
      await expect(outbound.add('a', wrong as NewSecret, 'ann')).rejects.toMatchObject({
        code: 'GLUE_ENDPOINT_INVALID',
        problems: expect.arrayContaining([expect.stringMatching(/^value: /)]),
      });
    await expect(outbound.rotate('a', { usedFor: 'certificate' }, 'ann')).rejects.toMatchObject({
      problems: ['value: nobody can make it up: give certificate and private key'],
    });
  });

  it('leave a trace of who did what, and tell all hosts', async () => {
    await addEndpoint('a');
    const added = await inbound.add('a', { notAfter: 9 }, 'ann');
    const live = await inbound.add('a', {}, 'ann');
    const rotated = await inbound.rotate('a', { overlapMs: HOUR }, 'bob');
    await inbound.remove('a', added.id, 'eve');
    const subject = 'inbound endpoint a';
    expect(await auditOf(database)).toEqual([
      { actor: 'ann', action: 'endpoint.secret.add', subject, detail: { secret: added.id, notAfter: 9 } },
      { actor: 'ann', action: 'endpoint.secret.add', subject, detail: { secret: live.id } },
      {
        actor: 'bob',
        action: 'endpoint.secret.rotate',
        subject,
        detail: { secret: rotated.added.id, ending: [live.id], end: clock.now() + HOUR - 1 },
      },
      { actor: 'eve', action: 'endpoint.secret.remove', subject, detail: { secret: added.id } },
    ]);
    expect(await changesOf(database)).toMatchObject({ backends: 0, inbound: 4, outbound: 0 });
  });

  it('name an endpoint or a secret that is not there', async () => {
    await addEndpoint('a');
    await addEndpoint('b');
    const missing = refusal('GLUE_ENDPOINT_NOT_FOUND', 'there is no inbound endpoint "x"');
    await expect(inbound.add('x', {}, 'ann')).rejects.toEqual(missing);
    await expect(inbound.rotate('x', {}, 'ann')).rejects.toEqual(missing);
    await expect(inbound.list('x')).rejects.toEqual(missing);
    await expect(inbound.remove('x', 'y', 'ann')).rejects.toEqual(missing);
    const { id } = await inbound.add('b', {}, 'ann');
    await expect(inbound.remove('a', id, 'ann')).rejects.toEqual(
      refusal('GLUE_ENDPOINT_SECRET_NOT_FOUND', `inbound endpoint "a" has no secret ${id}`),
    );
    expect(await inbound.list('b')).toHaveLength(1);
  });

  it('open for the others when those of one do not: by another key, or moved to another endpoint', async () => {
    const [a, b, c] = [await addEndpoint('a'), await addEndpoint('b'), await addEndpoint('c')];
    await inbound.add('a', { value }, 'ann');
    const foreign = await secretsOf('inbound', new SecretBox(Buffer.alloc(32, 9))).add('b', {}, 'ann');
    const moved = await inbound.add('b', {}, 'ann');
    await database('glue_inbound_secrets').where({ id: moved.id }).update({ endpoint_id: c });

    const reported: [number, GlueError][] = [];
    const opened = await inbound.openAll((endpointId, error) => reported.push([endpointId, error]));
    expect([...opened.keys()]).toEqual([a]);
    expect(reported).toEqual([
      [b, refusal('GLUE_SECRET_KEY_MISSING', `secret ${foreign.id} of inbound endpoint "b" does not open: `)],
      [c, refusal('GLUE_SECRET_KEY_MISSING', `secret ${moved.id} of inbound endpoint "c" does not open: `)],
    ]);
    expect(reported.map(([, { message }]) => message).join()).not.toContain(moved.value);
    expect([await inbound.list('b'), await inbound.list('c')]).toMatchObject([
      [{ lastFour: foreign.lastFour }],
      [{ lastFour: moved.lastFour }],
    ]);
    await inbound.remove('b', foreign.id, 'ann');
  });

  it('all end but one when two rotate at once', async () => {
    await addEndpoint('a');
    await inbound.add('a', {}, 'ann');
    await Promise.all([
      inbound.rotate('a', { overlapMs: 0 }, 'ann'),
      inbound.rotate('a', { overlapMs: 0 }, 'bob'),
    ]);
    expect((await inbound.list('a')).filter(({ live }) => live)).toHaveLength(1);
  });

  it('are known to be there, so that their key is never made anew', async () => {
    await addEndpoint('a', 'outbound');
    expect(await hasEndpointSecrets(database)).toBe(false);
    await secretsOf('outbound').add('a', {}, 'ann');
    expect(await hasEndpointSecrets(database)).toBe(true);
    await database.schema.dropTable('glue_inbound_secrets');
    expect(await hasEndpointSecrets(database)).toBe(true);
  });
});
