import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { coreMigrations } from '../src/database/core-migrations.js';
import { createTable } from '../src/database/columns.js';
import { dialectOf, type Database } from '../src/database/database.js';
import { migrate, pendingMigrations } from '../src/database/migrate.js';
import type { Migration } from '../src/database/migration.js';
import { openDatabase as open } from '../src/database/open-database.js';
import { race } from './support/child.js';
import { describeEachDatabase, describeMysql } from './support/databases.js';
import { refusal } from './support/refusal.js';

const one: Migration = {
  name: 'test-001-one',
  up: (trx) => createTable(trx, 'one', (table) => void table.integer('id').primary()),
};
const two: Migration = {
  name: 'test-002-two',
  up: (trx) => createTable(trx, 'two', (table) => void table.integer('id').primary()),
};

describeEachDatabase('migrating', (openDatabase, place) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(() => database.destroy());

  const recorded = async () => {
    const rows = await database<{ name: string }>('glue_migrations').select('name').orderBy('name');
    return rows.map(({ name }) => name);
  };

  it('runs what was not run yet, in order, once', async () => {
    expect(await pendingMigrations(database, [one, two])).toEqual(['test-001-one', 'test-002-two']);
    expect(await migrate(database, [one])).toEqual(['test-001-one']);
    expect(await pendingMigrations(database, [one, two])).toEqual(['test-002-two']);
    await database('one').insert({ id: 1 });
    expect(await migrate(database, [one, two])).toEqual(['test-002-two']);
    expect(await migrate(database, [one, two])).toEqual([]);
    expect(await database('one')).toHaveLength(1);
    expect(await recorded()).toEqual(['test-001-one', 'test-002-two']);
  });

  it('makes all tables of the core, with its topics', async () => {
    expect(await migrate(database, coreMigrations)).toEqual(coreMigrations.map(({ name }) => name));
    for (const table of ['glue_backends', 'glue_audit', 'glue_hosts']) {
      expect(await database(table)).toEqual([]);
    }
    expect((await database('glue_changes').orderBy('topic')).map(({ topic }) => topic)).toEqual([
      'backends',
      'inbound',
      'outbound',
      'work',
    ]);
  });

  it('refuses a database that a newer version has migrated', async () => {
    await migrate(database, [one, two]);
    const newer = refusal('GLUE_SCHEMA_NEWER', 'does not know: test-002-two');
    await expect(migrate(database, [one])).rejects.toEqual(newer);
    await expect(pendingMigrations(database, [one])).rejects.toEqual(newer);
  });

  it('leaves the tables of a side alone that is not installed any more', async () => {
    const side: Migration = { ...two, name: 'side-001-two' };
    await migrate(database, [one, side]);
    expect(await migrate(database, [one])).toEqual([]);
    expect(await pendingMigrations(database, [one])).toEqual([]);
    expect(await database('two')).toEqual([]);
  });

  it('names a migration that fails, and goes on from there when it is mended', async () => {
    const broken: Migration = {
      name: 'test-002-two',
      up: async (trx) => {
        await two.up(trx);
        await trx('nowhere').insert({ id: 1 });
      },
    };
    await expect(migrate(database, [one, broken])).rejects.toMatchObject({
      code: 'GLUE_MIGRATION_FAILED',
      message: expect.stringMatching(/^migration test-002-two failed: .*nowhere/),
      cause: expect.anything(),
    });
    const kept = dialectOf(database) === 'sqlite' ? [] : ['test-001-one'];
    expect(await recorded()).toEqual(kept);
    await migrate(database, [one, two]);
    expect(await recorded()).toEqual(['test-001-one', 'test-002-two']);
  });

  it('does not take a duplicate key in a migration for one that another host ran', async () => {
    const twice: Migration = {
      name: 'test-002-twice',
      up: (trx) => trx('one').insert([{ id: 1 }, { id: 1 }]),
    };
    await expect(migrate(database, [one, twice])).rejects.toEqual(
      refusal('GLUE_MIGRATION_FAILED', 'test-002-twice'),
    );
    expect(await recorded()).not.toContain('test-002-twice');
  });

  it('by several processes at once runs everything once', async () => {
    const config = await place();
    const answers = (await race('migrate.mjs', [config, config, config, config])) as string[][];
    expect(answers.flat().sort()).toEqual(coreMigrations.map(({ name }) => name).sort());
    expect(await recorded()).toHaveLength(coreMigrations.length);
    expect(await database('glue_changes')).toHaveLength(4);
  });

  it('says so when the database is away', async () => {
    const config = await place();
    const away = open(
      config.client === 'sqlite'
        ? { ...config, file: dirname(config.file) }
        : { ...config, url: 'mysql://root@127.0.0.1:9/x', connectTimeoutMs: 2_000 },
    );
    try {
      await expect(migrate(away, [one])).rejects.toEqual(refusal('GLUE_DATABASE_UNAVAILABLE'));
    } finally {
      await away.destroy();
    }
  });
});

describeMysql('migrating where another cluster node may do it at the same moment', (openDatabase) => {
  let database: Database;

  beforeEach(async () => {
    database = await openDatabase();
  });

  afterEach(() => database.destroy());

  it('runs a migration again that is broken off, as by one on another cluster node, and gives up in the end', async () => {
    let breaks = 2;
    const brokenOff: Migration = {
      name: 'test-003-broken-off',
      up: async (trx) => {
        await one.up(trx);
        breaks -= 1;
        if (breaks >= 0) await trx.raw("SIGNAL SQLSTATE '70100' SET MYSQL_ERRNO = 1317");
      },
    };
    expect(await migrate(database, [brokenOff])).toEqual(['test-003-broken-off']);
    expect(breaks).toBe(-1);
    breaks = Infinity;
    await expect(migrate(database, [brokenOff, { ...brokenOff, name: 'test-004-for-ever' }])).rejects.toEqual(
      refusal('GLUE_MIGRATION_FAILED', 'test-004-for-ever'),
    );
  });
});
