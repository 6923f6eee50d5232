import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { migrate, openDatabase } from 'glue-core';
import { reachDatabase } from '../src/installation.js';
import { temporaryFolder, testConfig } from './support/host-fixture.js';

describe('the SQLite file of a host', () => {
  let folder: string;
  let remove: () => void;
  let file: string;
  beforeEach(() => {
    ({ folder, remove } = temporaryFolder());
    file = join(folder, 'other.db');
  });
  afterEach(() => remove());

  const database = () => ({ client: 'sqlite', file, durability: 'fast' }) as const;
  const reach = () => reachDatabase({ ...testConfig(folder), database: database() });

  it('that is no database is named, with what to do', async () => {
    writeFileSync(file, 'a text that is longer than the head of a database'.repeat(4));
    await expect(reach()).rejects.toMatchObject({
      code: 'GLUE_DATABASE_UNAVAILABLE',
      message: `${file} is no SQLite database: name another file, or move this one away`,
    });
  });

  it('that belongs to another program is refused, and left as it is', async () => {
    const other = openDatabase(database());
    await other.schema.createTable('notes', (table) => table.increments());
    await expect(reach()).rejects.toMatchObject({
      code: 'GLUE_DATABASE_UNSUITABLE',
      message: `the database file ${file} belongs to another program (table "notes"): name a file of its own in database.file`,
    });
    expect(await other('sqlite_master').where({ type: 'table' }).pluck('name')).not.toContain(
      'glue_migrations',
    );
    await other.destroy();
  });

  it('may hold tables of others beside those of Glue', async () => {
    const shared = openDatabase(database());
    await shared.schema.createTable('notes', (table) => table.increments());
    await migrate(shared, []);
    const reached = await reach();
    expect(await reached.database('notes')).toEqual([]);
    await reached.database.destroy();
    await shared.destroy();
  });
});
