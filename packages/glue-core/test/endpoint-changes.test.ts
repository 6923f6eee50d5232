import { afterEach, beforeEach, describe, expect, it, test } from '@jest/globals';
import type { BackendView } from '../src/backend/backend-record.js';
import type { Database } from '../src/database/database.js';
import type { EndpointChanges, NewEndpoint } from '../src/endpoint/endpoint-fields.js';
import type { EndpointStore } from '../src/endpoint/endpoint-store.js';
import { GlueError } from '../src/errors/glue-error.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { auditOf, changesOf } from './support/rows.js';
import { apiKey, openShop, type Shop } from './support/shop-connector.js';
import { endpointStore, makeEndpointTables, type Config } from './support/shop-endpoints.js';

describeEachDatabase('endpoints made by hand', (openDatabase) => {
  let database: Database;
  let host: Shop;
  let inbound: EndpointStore<Config>;
  let outbound: EndpointStore<Config>;
  let one: BackendView;
  let two: BackendView;

  beforeEach(async () => {
    database = await openDatabase();
    await makeEndpointTables(database);
    host = openShop(database);
    const { clock, registry } = host;
    inbound = endpointStore(database, clock, 'inbound', { registry });
    outbound = endpointStore(database, clock, 'outbound', { registry });
    one = await host.store.create({ type: 'shop', name: 'One', settings: { apiKey } }, 'ann');
    two = await host.store.create({ type: 'shop', name: 'Two', settings: { apiKey } }, 'ann');
  });

  afterEach(() => database.destroy());

  const ref = ({ type, id }: BackendView) => ({ type, id });
  const prefix = ({ id }: BackendView) => `shop-${id}`;
  /** Everything that is stored, to see that nothing changed. */
  const everything = () =>
    Promise.all(
      ['glue_inbound_endpoints', 'glue_outbound_endpoints', 'glue_audit', 'glue_changes'].map((table) =>
        database(table).select(),
      ),
    );

  async function refusedWithoutTrace(attempt: () => Promise<unknown>, error: object): Promise<void> {
    const before = await everything();
    await expect(attempt()).rejects.toEqual(expect.objectContaining(error));
    expect(await everything()).toEqual(before);
  }

  describe('creating', () => {
    it('makes a draft that stands alone, reached by its code', async () => {
      expect(await inbound.create({ code: 'Orders', config: { limit: 5 } }, 'ann')).toEqual({
        id: expect.any(Number),
        name: 'orders',
        code: 'orders',
        suffix: 'orders',
        state: 'draft',
        company: 'default',
        path: 'orders',
        config: { mode: 'open', limit: 5 },
        written: { limit: 5 },
        version: 1,
        problems: [],
      });
    });

    it('takes everything that it is given', async () => {
      const given: NewEndpoint = {
        name: 'Orders of Acme',
        code: 'orders',
        suffix: 'in',
        path: 'Orders_1.x',
        company: 'acme',
        handler: 'shop:keep',
        state: 'active',
      };
      expect(await inbound.create(given, 'ann')).toMatchObject(given);
    });

    it('links one to a backend, named after it and of its company', async () => {
      const acme = await host.store.create(
        { type: 'shop', name: 'Acme', company: 'acme', settings: { apiKey } },
        'ann',
      );
      expect(await inbound.create({ backend: ref(acme) }, 'ann')).toMatchObject({
        name: 'Acme inbound',
        code: `${prefix(acme)}-inbound`,
        suffix: 'inbound',
        path: `${prefix(acme)}-inbound`,
        company: 'acme',
        backend: ref(acme),
      });
      const made = await outbound.create({ backend: ref(acme), suffix: 'Orders' }, 'ann');
      expect(made).toMatchObject({ name: 'Acme Orders', code: `${prefix(acme)}-orders` });
      expect(made).not.toHaveProperty('path');
    });

    it('leaves a trace, and tells all hosts', async () => {
      await inbound.create({ code: 'a' }, 'bob');
      expect((await auditOf(database)).at(-1)).toEqual({
        actor: 'bob',
        action: 'endpoint.create',
        subject: 'inbound endpoint a',
        detail: { name: 'a', company: 'default', state: 'draft' },
      });
      expect(await changesOf(database)).toMatchObject({ inbound: 1, outbound: 0 });
    });

    test.each<[unknown, string[]]>([
      [{}, ['there is no code']],
      [{ code: '***' }, ['there is no code']],
      [{ code: 'x'.repeat(129) }, ['the code "xxx']],
      [{ code: 'a', config: { mode: 'ajar', limit: 'x' } }, ['config.mode: ', 'config.limit: ']],
      [{ code: '', config: { mode: 'ajar' } }, ['there is no code', 'config.mode: ']],
      [{ code: 'a', name: ' ', path: 'a/b', handler: '' }, ['name: ', 'path: one segment', 'handler: ']],
      [{ code: 'a', state: 'archived', colour: 'red' }, ['state: ', '(whole): ']],
    ])('of %j is refused with every problem', async (given, problems) => {
      await refusedWithoutTrace(() => inbound.create(given as NewEndpoint, 'ann'), {
        code: 'GLUE_ENDPOINT_INVALID',
        message: 'the new inbound endpoint is not valid',
        problems: problems.map((problem) => expect.stringContaining(problem)),
      });
    });

    it('gives no path to an outbound one', async () => {
      await refusedWithoutTrace(() => outbound.create({ code: 'a', path: 'a' }, 'ann'), {
        code: 'GLUE_ENDPOINT_INVALID',
        problems: [expect.stringContaining('path: only inbound endpoints have one')],
      });
    });

    it('gives no code to one of a backend', async () => {
      await refusedWithoutTrace(() => inbound.create({ code: 'mine', backend: ref(one) }, 'ann'), {
        code: 'GLUE_ENDPOINT_CODE_DERIVED',
      });
    });

    it('names a backend that is missing or disabled', async () => {
      await refusedWithoutTrace(() => inbound.create({ backend: { type: 'shop', id: 999 } }, 'ann'), {
        code: 'GLUE_BACKEND_NOT_FOUND',
        message: 'there is no backend shop,999',
      });
      await host.store.update(one, { active: false }, 'ann');
      await refusedWithoutTrace(() => inbound.create({ backend: ref(one) }, 'ann'), {
        code: 'GLUE_BACKEND_UNUSABLE',
      });
    });

    it('stays within one company', async () => {
      await refusedWithoutTrace(() => inbound.create({ backend: ref(one), company: 'acme' }, 'ann'), {
        code: 'GLUE_COMPANY_MISMATCH',
        message: `inbound endpoint "${prefix(one)}-inbound" belongs to company "acme", backend shop,${one.id} to "default"`,
      });
    });

    it('names both owners of a code, a path or a link that is taken', async () => {
      await inbound.create({ code: 'a', path: 'x' }, 'ann');
      await inbound.create({ backend: ref(one) }, 'ann');
      await outbound.create({ backend: ref(one), suffix: 's' }, 'ann');
      const conflict = (message: string) => ({ code: 'GLUE_ENDPOINT_CONFLICT', message });
      await refusedWithoutTrace(
        () => inbound.create({ code: 'a', path: 'y' }, 'ann'),
        conflict('inbound endpoint "a" needs the code "a", which inbound endpoint "a" (not linked) has'),
      );
      await refusedWithoutTrace(
        () => inbound.create({ code: 'b', path: 'x' }, 'ann'),
        conflict('inbound endpoint "b" needs the path "x", which inbound endpoint "a" (not linked) has'),
      );
      await refusedWithoutTrace(
        () => inbound.create({ backend: ref(one), suffix: 'second', path: 'z' }, 'ann'),
        conflict(
          `inbound endpoint "${prefix(one)}-second" needs the one inbound link of the backend, which inbound endpoint "${prefix(one)}-inbound" (of shop,${one.id}) has`,
        ),
      );
      await refusedWithoutTrace(() => outbound.create({ backend: ref(one), suffix: 'S' }, 'ann'), {
        code: 'GLUE_ENDPOINT_CONFLICT',
      });
      expect(await outbound.create({ backend: ref(two), suffix: 's' }, 'ann')).toMatchObject({
        code: `${prefix(two)}-s`,
      });
    });
  });

  describe('editing', () => {
    beforeEach(() => inbound.create({ code: 'a', config: { limit: 1, note: 'x' } }, 'ann'));

    it('changes what is given and keeps the rest', async () => {
      expect(
        await inbound.edit('a', { name: 'A', handler: 'shop:keep', config: { limit: 2 } }, 'ann'),
      ).toMatchObject({
        name: 'A',
        code: 'a',
        path: 'a',
        handler: 'shop:keep',
        written: { limit: 2, note: 'x' },
      });
      const changed = await inbound.edit('a', { handler: null }, 'ann');
      expect(changed).toMatchObject({ name: 'A', version: 3 });
      expect(changed).not.toHaveProperty('handler');
    });

    it('puts a key of the configuration back to its default by null', async () => {
      await inbound.edit('a', { config: { mode: 'closed' } }, 'ann');
      const changed = await inbound.edit('a', { config: { mode: null, limit: null } }, 'ann');
      expect(changed).toMatchObject({ config: { mode: 'open', note: 'x' }, written: { note: 'x' } });
      expect(changed.written).toEqual({ note: 'x' });
    });

    it('changes the code of one that stands alone, and never its path', async () => {
      expect(await inbound.edit('a', { code: 'B b' }, 'ann')).toMatchObject({ code: 'b-b', path: 'a' });
      await expect(inbound.getByCode('a')).rejects.toEqual(refusal('GLUE_ENDPOINT_NOT_FOUND'));
    });

    it('writes nothing where nothing changes', async () => {
      const before = await everything();
      await inbound.edit('a', { name: 'a', code: 'a', handler: null, config: { limit: 1 } }, 'ann');
      await inbound.edit('a', {}, 'ann');
      expect(await everything()).toEqual(before);
    });

    test.each<[unknown, string[]]>([
      [{ path: 'b' }, ['path: providers call it, so it cannot be changed']],
      [{ backend: { type: 'shop', id: 1 } }, ['backend: is changed by linking']],
      [{ state: 'active' }, ['state: is changed by activating']],
      [{ name: '', colour: 'red' }, ['name: ', '(whole): ']],
      [
        { code: '-', config: { mode: 'ajar', limit: 'x' } },
        ['there is no code', 'config.mode: ', 'config.limit: '],
      ],
    ])('by %j is refused with every problem', async (changes, problems) => {
      await refusedWithoutTrace(() => inbound.edit('a', changes as EndpointChanges, 'ann'), {
        code: 'GLUE_ENDPOINT_INVALID',
        message: 'the change of inbound endpoint "a" is not valid',
        problems: problems.map((problem) => expect.stringContaining(problem)),
      });
    });

    it('derives the code of a linked one from its suffix, and from nothing else', async () => {
      await outbound.create({ backend: ref(one), suffix: 'x' }, 'ann');
      const code = `${prefix(one)}-x`;
      await refusedWithoutTrace(() => outbound.edit(code, { code: 'mine' }, 'ann'), {
        code: 'GLUE_ENDPOINT_CODE_DERIVED',
        message: `the code of endpoint "${code}" is derived from its backend and its suffix: change the suffix, or unlink it first`,
      });
      expect(await outbound.edit(code, { suffix: 'Y y' }, 'ann')).toMatchObject({
        code: `${prefix(one)}-y-y`,
        name: 'One Y y',
      });
    });

    it('leaves the name and the configuration of one changeable whose backend is broken, but not its suffix', async () => {
      const { code } = await outbound.create({ backend: ref(one), suffix: 'x' }, 'ann');
      await host.store.update(one, { active: false }, 'ann');
      expect(await outbound.edit(code, { name: 'N', config: { limit: 3 } }, 'ann')).toMatchObject({
        name: 'N',
      });
      await refusedWithoutTrace(() => outbound.edit(code, { suffix: 'y' }, 'ann'), {
        code: 'GLUE_BACKEND_UNUSABLE',
      });
    });

    it('moves one that stands alone to another company, and not a linked one', async () => {
      expect(await inbound.edit('a', { company: 'acme' }, 'ann')).toMatchObject({ company: 'acme' });
      const { code } = await inbound.create({ backend: ref(one) }, 'ann');
      await refusedWithoutTrace(() => inbound.edit(code, { company: 'acme' }, 'ann'), {
        code: 'GLUE_COMPANY_MISMATCH',
      });
    });

    it('names both owners of a code that is taken', async () => {
      await inbound.create({ code: 'b' }, 'ann');
      await refusedWithoutTrace(() => inbound.edit('a', { code: 'b' }, 'ann'), {
        code: 'GLUE_ENDPOINT_CONFLICT',
        message: 'inbound endpoint "a" needs the code "b", which inbound endpoint "b" (not linked) has',
      });
    });

    it('leaves a trace of the fields that changed', async () => {
      await inbound.edit('a', { name: 'N', config: { limit: 9, note: 'x' } }, 'bob');
      expect((await auditOf(database)).at(-1)).toEqual({
        actor: 'bob',
        action: 'endpoint.edit',
        subject: 'inbound endpoint a',
        detail: { fields: ['name', 'config.limit'] },
      });
    });
  });

  describe('linking', () => {
    it('derives the code, relinking derives it anew, unlinking keeps it', async () => {
      await inbound.create({ code: 'a', path: 'fixed' }, 'ann');
      expect(await inbound.link('a', ref(one), 'ann')).toMatchObject({
        code: `${prefix(one)}-a`,
        name: 'One a',
        path: 'fixed',
        backend: ref(one),
      });
      expect(await inbound.link(`${prefix(one)}-a`, ref(two), 'ann')).toMatchObject({
        code: `${prefix(two)}-a`,
        name: 'Two a',
        backend: ref(two),
      });
      const alone = await inbound.unlink(`${prefix(two)}-a`, 'ann');
      expect(alone).toMatchObject({ code: `${prefix(two)}-a`, path: 'fixed' });
      expect(alone).not.toHaveProperty('backend');
      expect(await inbound.edit(alone.code, { code: 'a' }, 'ann')).toMatchObject({ code: 'a' });
      expect((await auditOf(database)).slice(-4).map(({ action }) => action)).toEqual([
        'endpoint.link',
        'endpoint.link',
        'endpoint.unlink',
        'endpoint.edit',
      ]);
    });

    it('gives a backend one inbound endpoint, and many outbound ones apart by suffix', async () => {
      const { code } = await inbound.create({ backend: ref(one) }, 'ann');
      await inbound.create({ code: 'b' }, 'ann');
      await refusedWithoutTrace(() => inbound.link('b', ref(one), 'ann'), {
        code: 'GLUE_ENDPOINT_CONFLICT',
        message: `inbound endpoint "b" needs the one inbound link of the backend, which inbound endpoint "${code}" (of shop,${one.id}) has`,
      });
      await outbound.create({ code: 'c' }, 'ann');
      await outbound.create({ code: 'd', suffix: 'c' }, 'ann');
      await outbound.create({ code: 'e' }, 'ann');
      for (const each of ['c', 'e']) await outbound.link(each, ref(one), 'ann');
      await refusedWithoutTrace(() => outbound.link('d', ref(one), 'ann'), {
        code: 'GLUE_ENDPOINT_CONFLICT',
      });
      expect(await outbound.link('d', ref(two), 'ann')).toMatchObject({ code: `${prefix(two)}-c` });
    });

    it('stays within one company', async () => {
      await inbound.create({ code: 'a', company: 'acme' }, 'ann');
      await refusedWithoutTrace(() => inbound.link('a', ref(one), 'ann'), {
        code: 'GLUE_COMPANY_MISMATCH',
        message: `inbound endpoint "a" belongs to company "acme", backend shop,${one.id} to "default"`,
      });
    });

    it('names an endpoint or a backend that is missing', async () => {
      await inbound.create({ code: 'a' }, 'ann');
      await refusedWithoutTrace(() => inbound.link('a', { type: 'shop', id: 999 }, 'ann'), {
        code: 'GLUE_BACKEND_NOT_FOUND',
      });
      await refusedWithoutTrace(() => inbound.link('x', ref(one), 'ann'), {
        code: 'GLUE_ENDPOINT_NOT_FOUND',
      });
      await refusedWithoutTrace(() => inbound.unlink('x', 'ann'), { code: 'GLUE_ENDPOINT_NOT_FOUND' });
    });

    it('writes nothing where there is nothing to unlink', async () => {
      await inbound.create({ code: 'a' }, 'ann');
      const before = await everything();
      await inbound.unlink('a', 'ann');
      expect(await everything()).toEqual(before);
    });

    it('keeps a backend in its company as long as endpoints are linked to it', async () => {
      const { code } = await inbound.create({ backend: ref(one) }, 'ann');
      await outbound.create({ backend: ref(one), suffix: 'x' }, 'ann');
      await refusedWithoutTrace(() => host.store.update(one, { company: 'acme' }, 'ann'), {
        code: 'GLUE_COMPANY_MISMATCH',
        message: `backend shop,${one.id} cannot move to company "acme": inbound endpoint "${code}", outbound endpoint "${prefix(one)}-x" of company "default" must be unlinked first`,
      });
      await inbound.unlink(code, 'ann');
      await outbound.unlink(`${prefix(one)}-x`, 'ann');
      expect(await host.store.update(one, { company: 'acme' }, 'ann')).toMatchObject({ company: 'acme' });
    });
  });

  describe('when two meet', () => {
    const settled = async (attempts: Promise<unknown>[]) => {
      const results = await Promise.allSettled(attempts);
      const refused = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      );
      return { fulfilled: results.length - refused.length, refused };
    };

    test.each<[string, (store: EndpointStore<Config>) => Promise<unknown>]>([
      ['edit', (store) => store.edit('a', { name: 'N' }, 'ann', { version: 1 })],
      ['link', (store) => store.link('a', ref(one), 'ann', { version: 1 })],
      ['unlink', (store) => store.unlink('a', 'ann', { version: 1 })],
      ['setState', (store) => store.setState('a', 'active', 'ann', { version: 1 })],
    ])('%s refuses a change that was made for another version', async (_name, change) => {
      await inbound.create({ code: 'a' }, 'ann');
      await inbound.edit('a', { config: { limit: 1 } }, 'bob', { version: 1 });
      await refusedWithoutTrace(() => change(inbound), {
        code: 'GLUE_CHANGED_MEANWHILE',
        message: 'inbound endpoint "a" has version 2, the change was made for 1',
      });
    });

    it('one of two edits of the same version goes through', async () => {
      await inbound.create({ code: 'a' }, 'ann');
      const { fulfilled, refused } = await settled(
        ['x', 'y', 'z'].map((name) => inbound.edit('a', { name }, name, { version: 1 })),
      );
      expect([fulfilled, refused]).toEqual([
        1,
        [refusal('GLUE_CHANGED_MEANWHILE'), refusal('GLUE_CHANGED_MEANWHILE')],
      ]);
      expect(await inbound.getByCode('a')).toMatchObject({ version: 2 });
    });

    it('one of two links to one backend goes through, and the other names it', async () => {
      await inbound.create({ code: 'a' }, 'ann');
      await inbound.create({ code: 'b' }, 'ann');
      const { fulfilled, refused } = await settled([
        inbound.link('a', ref(one), 'ann'),
        inbound.link('b', ref(one), 'bob'),
      ]);
      expect([fulfilled, refused]).toEqual([
        1,
        [
          refusal(
            'GLUE_ENDPOINT_CONFLICT',
            /needs the one inbound link of the backend, which inbound endpoint "shop-\d+-[ab]"/,
          ),
        ],
      ]);
      expect(await inbound.listForBackend(one)).toHaveLength(1);
    });

    it('one of two links on two connections goes through, and the other names it', async () => {
      await inbound.create({ code: 'a' }, 'ann');
      await inbound.create({ code: 'b' }, 'ann');
      const elsewhere = await openDatabase();
      try {
        const { clock, registry } = openShop(elsewhere);
        const there = endpointStore(elsewhere, clock, 'inbound', { registry });
        const { fulfilled, refused } = await settled([
          inbound.link('a', ref(one), 'ann'),
          there.link('b', ref(one), 'bob'),
        ]);
        expect([fulfilled, refused]).toEqual([
          1,
          [refusal('GLUE_ENDPOINT_CONFLICT', 'the one inbound link')],
        ]);
      } finally {
        await elsewhere.destroy();
      }
    });

    it('one of several that take the same code goes through', async () => {
      const { fulfilled, refused } = await settled(
        [1, 2, 3, 4].map(() => inbound.create({ code: 'same' }, 'ann')),
      );
      expect(fulfilled).toBe(1);
      for (const error of refused)
        expect(error).toEqual(refusal('GLUE_ENDPOINT_CONFLICT', 'the code "same"'));
      expect(refused.every((error) => error instanceof GlueError)).toBe(true);
    });

    it('a backend that moves to another company and a link to it do not both go through', async () => {
      await inbound.create({ code: 'a' }, 'ann');
      const { fulfilled, refused } = await settled([
        inbound.link('a', ref(one), 'ann'),
        host.store.update(one, { company: 'acme' }, 'bob'),
      ]);
      expect([fulfilled, refused]).toEqual([1, [refusal('GLUE_COMPANY_MISMATCH')]]);
      const [linked] = await inbound.listForBackend(one);
      const { company } = await host.store.get(one);
      expect(linked ? linked.company : 'acme').toBe(company);
    });
  });
});
