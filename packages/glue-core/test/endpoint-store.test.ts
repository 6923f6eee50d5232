import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import { ManualClock } from '../src/clock/manual-clock.js';
import type { Database } from '../src/database/database.js';
import { isDuplicateKeyError } from '../src/database/database-errors.js';
import { mayBecome } from '../src/endpoint/endpoint-moves.js';
import type { EndpointState } from '../src/endpoint/endpoint-record.js';
import type { EndpointStore } from '../src/endpoint/endpoint-store.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { auditOf, changesOf } from './support/rows.js';
import { endpointStore, makeEndpointTables, ownRow, type Config } from './support/shop-endpoints.js';

const states: readonly EndpointState[] = ['draft', 'active', 'paused', 'disabled', 'archived'];

describe('an endpoint', () => {
  it('inbound goes draft → active, draft | active → archived, active | archived → draft, and nowhere else', () => {
    const moves = states.flatMap((from) =>
      states.filter((to) => mayBecome('inbound', from, to)).map((to) => `${from} → ${to}`),
    );
    expect(moves).toEqual([
      'draft → active',
      'draft → archived',
      'active → draft',
      'active → archived',
      'archived → draft',
    ]);
  });

  it('outbound can be paused and disabled besides, from where a person activates it again', () => {
    const moves = states.flatMap((from) =>
      states.filter((to) => mayBecome('outbound', from, to)).map((to) => `${from} → ${to}`),
    );
    expect(moves).toEqual([
      'draft → active',
      'draft → archived',
      'active → draft',
      'active → paused',
      'active → disabled',
      'active → archived',
      'paused → draft',
      'paused → active',
      'paused → disabled',
      'paused → archived',
      'disabled → draft',
      'disabled → active',
      'disabled → archived',
      'archived → draft',
    ]);
  });
});

describeEachDatabase('the endpoint store', (openDatabase) => {
  let database: Database;
  let inbound: EndpointStore<Config>;
  let outbound: EndpointStore<Config>;
  const clock = new ManualClock();

  beforeEach(async () => {
    database = await openDatabase();
    await makeEndpointTables(database);
    inbound = endpointStore(database, clock, 'inbound');
    outbound = endpointStore(database, clock, 'outbound');
  });

  afterEach(() => database.destroy());

  const addInbound = (code: string, more: object = {}) =>
    database('glue_inbound_endpoints').insert(ownRow(code, { path: code, ...more }));
  const addOutbound = (code: string, more: object = {}) =>
    database('glue_outbound_endpoints').insert(ownRow(code, more));

  it('gives records with the defaults of their configuration', async () => {
    await addInbound('a', { backend_type: 'shop', backend_id: 1, seed_id: 'shop:in', handler: 'shop:keep' });
    expect(await inbound.getByCode('a')).toEqual({
      id: expect.any(Number),
      name: 'a',
      code: 'a',
      suffix: '',
      state: 'draft',
      company: 'default',
      handler: 'shop:keep',
      backend: { type: 'shop', id: 1 },
      path: 'a',
      seedId: 'shop:in',
      config: { mode: 'open' },
      written: {},
      version: 1,
      problems: [],
    });
    expect(await outbound.list()).toEqual([]);
  });

  it('finds the endpoints of a backend', async () => {
    const link = { backend_type: 'shop', backend_id: 1 };
    await addOutbound('a', { ...link, suffix: 'a' });
    await addOutbound('b', { ...link, suffix: 'b' });
    await addOutbound('c', { backend_type: 'shop', backend_id: 2 });
    await addOutbound('d');
    const found = await outbound.listForBackend({ type: 'shop', id: 1 });
    expect(found.map(({ code }) => code)).toEqual(['a', 'b']);
  });

  it('names an endpoint that it does not have', async () => {
    const missing = refusal('GLUE_ENDPOINT_NOT_FOUND', 'there is no inbound endpoint "x"');
    await expect(inbound.getByCode('x')).rejects.toEqual(missing);
    await expect(inbound.setState('x', 'active', 'ann')).rejects.toEqual(missing);
    await expect(inbound.edit('x', { config: {} }, 'ann')).rejects.toEqual(missing);
  });

  it('shows all when the configuration of one is not valid, and opens the others', async () => {
    await addInbound('a');
    await addInbound('b', { config: '{"mode":"ajar","extra":1}' });
    await addInbound('c');
    expect((await inbound.list()).map(({ code, config }) => [code, config])).toEqual([
      ['a', { mode: 'open' }],
      ['b', undefined],
      ['c', { mode: 'open' }],
    ]);
    expect((await inbound.getByCode('b')).problems).toEqual([
      expect.stringMatching(/^config\.mode: /),
      expect.stringMatching(/^config: .*extra/),
    ]);

    const reported: unknown[] = [];
    const opened = await inbound.openAll(({ code }, error) => reported.push([code, error]));
    expect(opened.map(({ code }) => code)).toEqual(['a', 'c']);
    expect(reported).toEqual([
      ['b', refusal('GLUE_ENDPOINT_INVALID', 'the configuration of inbound endpoint "b" is not valid')],
    ]);
  });

  test.each(states)('moves an outbound endpoint from %s where it may go only', async (from) => {
    for (const to of states) {
      const code = `${from}-${to}`;
      await addOutbound(code, { state: from });
      if (mayBecome('outbound', from, to)) {
        expect(await outbound.setState(code, to, 'ann')).toMatchObject({ state: to, version: 2 });
      } else {
        await expect(outbound.setState(code, to, 'ann')).rejects.toEqual(
          refusal('GLUE_ENDPOINT_STATE', `outbound endpoint "${code}" is ${from}; it cannot become ${to}`),
        );
        expect(await outbound.getByCode(code)).toMatchObject({ state: from, version: 1 });
      }
    }
  });

  it('keeps the reason of a state until the next one, as long as its column', async () => {
    await addOutbound('a', { state: 'active' });
    expect(await outbound.setState('a', 'disabled', 'glue', { reason: '410 Gone' })).toMatchObject({
      reason: '410 Gone',
    });
    expect(await outbound.setState('a', 'active', 'ann')).not.toHaveProperty('reason');
    const { reason } = await outbound.setState('a', 'disabled', 'glue', { reason: 'x'.repeat(1_000) });
    expect(reason).toBe('x'.repeat(255));
  });

  it('activates only what is valid; what is not can still be archived', async () => {
    await addInbound('a', { config: '{"mode":"ajar"}' });
    await expect(inbound.setState('a', 'active', 'ann')).rejects.toMatchObject({
      code: 'GLUE_ENDPOINT_INCOMPLETE',
      message: 'inbound endpoint "a" cannot be active',
      problems: [expect.stringMatching(/^config\.mode: /)],
    });
    expect(await inbound.setState('a', 'archived', 'ann')).toMatchObject({ state: 'archived' });
  });

  it('changes keys of a configuration, as given, when the whole is valid', async () => {
    await addInbound('a', { config: '{"note":"x"}' });
    expect(await inbound.edit('a', { config: { limit: 5 } }, 'ann')).toMatchObject({
      config: { mode: 'open', limit: 5, note: 'x' },
      version: 2,
    });
    const stored = await database('glue_inbound_endpoints').where({ code: 'a' }).first();
    expect(JSON.parse(stored.config)).toEqual({ note: 'x', limit: 5 });
    await expect(inbound.edit('a', { config: { limit: 'many' } }, 'ann')).rejects.toEqual(
      refusal('GLUE_ENDPOINT_INVALID', '"a"'),
    );
    expect(await inbound.getByCode('a')).toMatchObject({ version: 2 });
  });

  it('leaves a trace of who changed what, and tells all hosts', async () => {
    await addOutbound('a');
    await outbound.setState('a', 'active', 'ann');
    await outbound.edit('a', { config: { limit: 1 } }, 'bob');
    await expect(outbound.setState('a', 'active', 'eve')).rejects.toThrow();
    const subject = 'outbound endpoint a';
    expect(await auditOf(database)).toEqual([
      { actor: 'ann', action: 'endpoint.state', subject, detail: { from: 'draft', to: 'active' } },
      { actor: 'bob', action: 'endpoint.edit', subject, detail: { fields: ['config.limit'] } },
    ]);
    expect(await changesOf(database)).toMatchObject({ backends: 0, inbound: 0, outbound: 2 });
  });

  it('loses no change when several meet', async () => {
    await addOutbound('a');
    await Promise.all([
      outbound.edit('a', { config: { limit: 1 } }, 'ann'),
      outbound.edit('a', { config: { note: 'x' } }, 'bob'),
      outbound.edit('a', { config: { mode: 'closed' } }, 'eve'),
    ]);
    expect(await outbound.getByCode('a')).toMatchObject({
      config: { limit: 1, note: 'x', mode: 'closed' },
      version: 4,
    });
  });

  describe('in its table', () => {
    const refusesSecond = async (first: Promise<unknown>, second: () => Promise<unknown>) => {
      await first;
      const error = await second().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      expect(isDuplicateKeyError(error)).toBe(true);
    };
    const link = { backend_type: 'shop', backend_id: 1 };

    it('has each code once', async () => {
      await refusesSecond(addInbound('a'), () => addInbound('a', { path: 'b' }));
      await refusesSecond(addOutbound('a'), () => addOutbound('a'));
    });

    it('has each path once, capitals told apart', async () => {
      await refusesSecond(addInbound('a', { path: 'x' }), () => addInbound('b', { path: 'x' }));
      await addInbound('c', { path: 'X' });
    });

    it('has one inbound endpoint per backend', async () => {
      await refusesSecond(addInbound('a', { ...link, suffix: 'a' }), () =>
        addInbound('b', { ...link, suffix: 'b' }),
      );
    });

    it('has many outbound endpoints per backend, apart by suffix', async () => {
      await addOutbound('a', { ...link, suffix: 'a' });
      await addOutbound('b', { ...link, suffix: 'b' });
      await refusesSecond(addOutbound('c', { backend_type: 'shop', backend_id: 2, suffix: 'a' }), () =>
        addOutbound('d', { ...link, suffix: 'a' }),
      );
    });

    it('has as many unlinked ones as people like', async () => {
      await addInbound('a');
      await addInbound('b');
      await addOutbound('a');
      await addOutbound('b');
      expect([await inbound.list(), await outbound.list()].map(({ length }) => length)).toEqual([2, 2]);
    });
  });
});
