import { afterEach, describe, expect, it } from '@jest/globals';
import knex, { type Knex } from 'knex';
import { checkConnection } from '../src/database/check-connection.js';
import type { Database } from '../src/database/database.js';
import { describeEachDatabase, describeMysql } from './support/databases.js';
import { refusal } from './support/refusal.js';

const opened: Database[] = [];
afterEach(async () => {
  for (const database of opened.splice(0)) await database.destroy();
});
function own(config: Knex.Config): Database {
  const database = knex(config);
  opened.push(database);
  return database;
}
const problemsOf = (database: Database): Promise<readonly string[]> =>
  checkConnection(database).then(
    () => [],
    (error: { problems: readonly string[] }) => error.problems,
  );

describeEachDatabase('a connection that openDatabase made', (openDatabase) => {
  it('is as Glue needs it', async () => {
    const database = await openDatabase();
    opened.push(database);
    expect(await checkConnection(database)).toEqual([]);
  });
});

describe('a connection of one’s own', () => {
  it('may be to SQLite', async () => {
    await checkConnection(own({ client: 'better-sqlite3', connection: ':memory:', useNullAsDefault: true }));
  });

  it('is refused where its client is another, with the way out', async () => {
    const other = own({ client: 'pg' });
    await expect(checkConnection(other)).rejects.toEqual(refusal('GLUE_DATABASE_UNSUITABLE'));
    expect(await problemsOf(other)).toEqual([
      'its client is "pg": use better-sqlite3 or mysql2',
      expect.stringContaining('openDatabase()'),
    ]);
  });

  it('is refused where rows come back changed', async () => {
    const renaming = own({
      client: 'better-sqlite3',
      connection: ':memory:',
      useNullAsDefault: true,
      postProcessResponse: (rows: Record<string, unknown>[]) =>
        rows.map((row) =>
          Object.fromEntries(Object.entries(row).map(([key, value]) => [`its ${key}`, value])),
        ),
    });
    expect(await problemsOf(renaming)).toContainEqual(expect.stringContaining('postProcessResponse'));
  });
});

describeMysql('a connection of one’s own', (_open, place) => {
  const isolation = 'SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED';

  async function connect(settings: readonly string[], connection: object = {}): Promise<Database> {
    const config = await place();
    if (config.client !== 'mysql') throw new Error('no server');
    const { hostname, port, username, password, pathname } = new URL(config.url);
    return own({
      client: 'mysql2',
      connection: {
        ...{ host: hostname, port: Number(port), user: username, password, database: pathname.slice(1) },
        ...connection,
      },
      pool: {
        min: 0,
        max: 1,
        afterCreate: (
          made: { promise(): { query(sql: string): Promise<unknown> } },
          done: (error: unknown, made: unknown) => void,
        ) => {
          settings
            .reduce(
              (before, sql) => before.then(() => made.promise().query(sql)),
              Promise.resolve<unknown>(0),
            )
            .then(
              () => done(null, made),
              (error: unknown) => done(error, made),
            );
        },
      },
    });
  }

  it('is taken with READ COMMITTED', async () => {
    expect(await checkConnection(await connect([isolation]))).toEqual([]);
  });

  it('is advised to use it otherwise', async () => {
    expect(await checkConnection(await connect([]))).toEqual([
      expect.stringContaining('transactions are REPEATABLE-READ'),
    ]);
  });

  it.each([
    ['that is not strict', [isolation, "SET SESSION sql_mode = ''"], {}, ['sql_mode is not strict']],
    [
      'without backslashes',
      [isolation, "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES'"],
      {},
      ['sql_mode has NO_BACKSLASH_ESCAPES'],
    ],
    ['that cannot say everything', [isolation], { charset: 'latin1' }, ["set charset: 'utf8mb4'"]],
    [
      'that turns values',
      [isolation],
      {
        typeCast: ({ type }: { type: string }, next: () => unknown) =>
          type === 'LONGLONG' ? 'many' : next(),
      },
      ['leave out typeCast'],
    ],
    [
      'with several faults',
      ["SET SESSION sql_mode = ''"],
      { charset: 'latin1' },
      ["set charset: 'utf8mb4'", 'sql_mode is not strict'],
    ],
  ])('%s is refused, and all that is to be set is said', async (_what, settings, connection, words) => {
    const database = await connect(settings, connection);
    await expect(checkConnection(database)).rejects.toEqual(refusal('GLUE_DATABASE_UNSUITABLE'));
    expect(await problemsOf(database)).toEqual([
      ...words.map((each) => expect.stringContaining(each)),
      expect.stringContaining('openDatabase()'),
    ]);
  });
});
