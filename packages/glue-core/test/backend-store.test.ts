import { afterEach, beforeEach, expect, it, test } from '@jest/globals';
import { coreMigrations } from '../src/database/core-migrations.js';
import type { Database } from '../src/database/database.js';
import { migrate } from '../src/database/migrate.js';
import { SecretBox } from '../src/crypto/secret-box.js';
import type { NewBackend } from '../src/backend/backend-record.js';
import { describeEachDatabase } from './support/databases.js';
import { refusal } from './support/refusal.js';
import { auditOf, changesOf } from './support/rows.js';
import { apiKey, openShop, type Shop } from './support/shop-connector.js';

const shop = (more: Partial<NewBackend> = {}): NewBackend => ({
  type: 'shop',
  name: 'Shop EU',
  settings: { apiKey },
  ...more,
});

describeEachDatabase('the backend store', (openDatabase) => {
  let database: Database;
  let host: Shop;

  beforeEach(async () => {
    database = await openDatabase();
    await migrate(database, coreMigrations);
    host = openShop(database);
  });

  afterEach(() => database.destroy());

  it('creates a record and shows it without its secrets', async () => {
    const created = await host.store.create(shop({ name: '  Shop EU ' }), 'ann');
    expect(created).toEqual({
      id: expect.any(Number),
      type: 'shop',
      code: 'shop-eu',
      name: 'Shop EU',
      company: 'default',
      active: true,
      version: 1,
      settings: { apiKey: { set: true, lastFour: '6789' }, pin: null, region: 'eu' },
    });
    expect(await host.store.get(created)).toEqual(created);
    expect(await host.store.list()).toEqual([created]);
    expect(await host.store.findByCode('shop', 'shop-eu')).toEqual(created);
  });

  it('keeps secrets out of every row', async () => {
    const created = await host.store.create(shop({ settings: { apiKey, pin: 'p1n-p1n-p1n-p1n' } }), 'ann');
    await host.store.update(created, { settings: { pin: 'other-pin-other' } }, 'bob');
    const rows = await Promise.all(
      ['glue_backends', 'glue_audit', 'glue_changes'].map((table) => database(table).select()),
    );
    expect(JSON.stringify(rows)).not.toMatch(new RegExp(`${apiKey}|p1n-p1n|other-pin`));
    expect((await host.store.open(created)).settings).toEqual({
      apiKey,
      pin: 'other-pin-other',
      region: 'eu',
    });
  });

  it('leaves a trace of who changed what, and tells all hosts', async () => {
    const created = await host.store.create(shop(), 'ann');
    host.clock.advance(1_000);
    await host.store.update(created, { name: 'Shop', settings: { note: 'x' } }, 'bob');
    const subject = `backend shop,${created.id}`;
    expect(await auditOf(database)).toEqual([
      {
        actor: 'ann',
        action: 'backend.create',
        subject,
        detail: { code: 'shop-eu', name: 'Shop EU', company: 'default' },
      },
      { actor: 'bob', action: 'backend.update', subject, detail: { fields: ['name', 'settings'] } },
    ]);
    expect(await changesOf(database)).toMatchObject({ backends: 2, inbound: 0, outbound: 0 });
    const { created_at: createdAt, updated_at: updatedAt } = await database('glue_backends').first();
    expect(Number(updatedAt) - Number(createdAt)).toBe(1_000);
  });

  test.each<[Partial<NewBackend>, string]>([
    [{ code: ' Acme Co! ' }, 'acme-co'],
    [{ code: 'New_Code' }, 'new-code'],
    [{ name: 'Ü' }, 'backend'],
    [{ name: '' }, 'backend'],
    [{ name: 'Shop EU' }, 'shop-eu'],
  ])('of %j makes the code %j', async (input, code) => {
    expect(await host.store.create(shop(input), 'ann')).toMatchObject({ code });
  });

  test.each(['', '  ', '***', '-'])('refuses the code %j', async (code) => {
    const created = await host.store.create(shop(), 'ann');
    const expected = refusal('GLUE_BACKEND_CODE_INVALID', `"${code}" gives no code`);
    await expect(host.store.create(shop({ code }), 'ann')).rejects.toEqual(expected);
    await expect(host.store.update(created, { code }, 'ann')).rejects.toEqual(expected);
    expect(await host.store.list()).toHaveLength(1);
  });

  it('has each code once per type and company', async () => {
    await host.store.create(shop({ code: 'a' }), 'ann');
    const taken = refusal(
      'GLUE_BACKEND_CODE_TAKEN',
      'another shop backend of company "default" has the code "a"',
    );
    await expect(host.store.create(shop({ code: 'A' }), 'ann')).rejects.toEqual(taken);
    const other = await host.store.create(shop({ code: 'b' }), 'ann');
    await expect(host.store.update(other, { code: 'a' }, 'ann')).rejects.toEqual(taken);

    const elsewhere = await host.store.create(shop({ code: 'a', company: 'acme' }), 'ann');
    await host.store.create({ type: 'prefixed', name: 'a', settings: { prefix: 'x' } }, 'ann');
    expect(await host.store.findByCode('shop', 'a', 'acme')).toEqual(elsewhere);
    expect((await auditOf(database)).map(({ action }) => action)).toEqual(Array(4).fill('backend.create'));
  });

  it('refuses unknown types and invalid settings, and writes nothing', async () => {
    await expect(host.store.create(shop({ type: 'stripe' }), 'ann')).rejects.toEqual(
      refusal('GLUE_BACKEND_TYPE_UNKNOWN', '"stripe" (registered: prefixed, shop)'),
    );
    await expect(host.store.create(shop({ settings: { region: 'mars' } }), 'ann')).rejects.toMatchObject({
      code: 'GLUE_BACKEND_INVALID',
      problems: [expect.stringContaining('settings.apiKey'), expect.stringContaining('settings.region')],
    });
    const created = await host.store.create(shop(), 'ann');
    await expect(host.store.update(created, { settings: { region: 'mars' } }, 'ann')).rejects.toEqual(
      refusal('GLUE_BACKEND_INVALID', `backend shop,${created.id}`),
    );
    expect(await host.store.list()).toEqual([created]);
    expect(await auditOf(database)).toHaveLength(1);
  });

  it('refuses texts that do not fit, the same on every database', async () => {
    const long = 'a'.repeat(200);
    await expect(
      host.store.create(shop({ name: long, code: long, company: long }), 'ann'),
    ).rejects.toMatchObject({
      code: 'GLUE_BACKEND_INVALID',
      problems: ['code', 'name', 'company'].map((field) => expect.stringContaining(`${field}: `)),
    });
  });

  it('merges settings key by key, so that a secret that is not given stays', async () => {
    const created = await host.store.create(shop({ settings: { apiKey, note: 'first' } }), 'ann');
    const changed = await host.store.update(created, { settings: { region: 'us' } }, 'ann');
    expect(changed).toMatchObject({
      version: 2,
      settings: { apiKey: { set: true, lastFour: '6789' }, region: 'us', note: 'first' },
    });
    await host.store.update(created, { settings: { note: undefined } }, 'ann');
    expect((await host.store.open(created)).settings).toEqual({ apiKey, pin: null, region: 'us' });
  });

  it('changes name, code and active, and keeps what is not given', async () => {
    const created = await host.store.create(shop(), 'ann');
    const changed = await host.store.update(created, { name: ' Shop US ', code: 'US', active: false }, 'ann');
    expect(changed).toEqual({ ...created, name: 'Shop US', code: 'us', active: false, version: 2 });
    expect(await host.store.update(created, { active: true }, 'ann')).toMatchObject({
      code: 'us',
      active: true,
    });
  });

  it('refuses a change that was made for another version', async () => {
    const created = await host.store.create(shop(), 'ann');
    await host.store.update(created, { name: 'first' }, 'ann', 1);
    await expect(host.store.update(created, { name: 'second' }, 'bob', 1)).rejects.toEqual(
      refusal('GLUE_CHANGED_MEANWHILE', 'has version 2, the changes were made for 1'),
    );
    expect(await host.store.get(created)).toMatchObject({ name: 'first', version: 2 });
  });

  it('lets one of two changes through that meet', async () => {
    const created = await host.store.create(shop(), 'ann');
    const results = await Promise.allSettled(
      ['a', 'b'].map((name) => host.store.update(created, { name }, 'ann')),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: refusal('GLUE_DATABASE_CONFLICT', 'was changed by somebody else meanwhile'),
    });
    expect(await host.store.get(created)).toMatchObject({ version: 2 });
    expect(await auditOf(database)).toHaveLength(2);
  });

  it('does not find what is not there', async () => {
    const created = await host.store.create(shop(), 'ann');
    for (const reference of [
      { type: 'shop', id: created.id + 1 },
      { type: 'prefixed', id: created.id },
    ]) {
      const missing = refusal(
        'GLUE_BACKEND_NOT_FOUND',
        `there is no backend ${reference.type},${reference.id}`,
      );
      await expect(host.store.get(reference)).rejects.toEqual(missing);
      await expect(host.store.open(reference)).rejects.toEqual(missing);
      await expect(host.store.update(reference, { name: 'x' }, 'ann')).rejects.toEqual(missing);
    }
    expect(await host.store.findByCode('shop', 'other')).toBeUndefined();
  });

  it('opens the others when the secrets of one do not open', async () => {
    const first = await host.store.create(shop({ code: 'a' }), 'ann');
    const second = await host.store.create(shop({ code: 'b' }), 'ann');
    const { settings } = await database('glue_backends').where({ id: first.id }).first();
    await database('glue_backends').where({ id: second.id }).update({ settings });

    const reported: unknown[] = [];
    const opened = await host.store.openAll((reference, error) => reported.push([reference, error]));
    expect(opened.map(({ record }) => record.code)).toEqual(['a']);
    expect(reported).toEqual([[{ type: 'shop', id: second.id }, refusal('GLUE_SECRET_KEY_MISSING')]]);
    expect(await host.store.list()).toHaveLength(2);
  });

  it('can be mended after the key was lost: secrets are given anew, or the backend is disabled', async () => {
    const created = await host.store.create(shop(), 'ann');
    const { store } = openShop(database, new SecretBox(Buffer.alloc(32, 9)));
    await expect(store.update(created, { name: 'x' }, 'ann')).rejects.toEqual(
      refusal('GLUE_SECRET_KEY_MISSING'),
    );
    expect(await store.update(created, { active: false }, 'ann')).toMatchObject({ active: false });
    await store.update(created, { active: true, settings: { apiKey: 'sk_new_0123456789' } }, 'ann');
    expect((await store.open(created)).settings).toMatchObject({ apiKey: 'sk_new_0123456789' });
  });

  it('can be disabled when its connector is gone', async () => {
    const created = await host.store.create(shop(), 'ann');
    await database('glue_backends').where({ id: created.id }).update({ type: 'gone' });
    const reference = { type: 'gone', id: created.id };
    expect(await host.store.update(reference, { active: false }, 'ann')).toMatchObject({ active: false });
    await expect(host.store.update(reference, { name: 'x' }, 'ann')).rejects.toEqual(
      refusal('GLUE_BACKEND_TYPE_UNKNOWN'),
    );
    expect(JSON.stringify(await host.store.list())).not.toContain(apiKey);
  });
});
