import { describe, expect, it, test } from '@jest/globals';
import fc from 'fast-check';
import knex from 'knex';
import { inTransaction } from '../src/database/in-transaction.js';
import { prepareMysqlConnection, type MysqlConnection } from '../src/database/mysql-connection.js';
import { dropOpenTransactions, mayStayOpen } from '../src/database/open-transactions.js';
import { describeMysql } from './support/databases.js';

const refusedWith = (errno: number): Error & { errno: number } =>
  Object.assign(new Error('refused'), { errno });

describe('a transaction', () => {
  test.each([
    ['COMMIT;', 1047, true],
    ['COMMIT;', 1180, true],
    ['commit', 1205, true],
    ['COMMIT;', 1213, false],
    ['ROLLBACK', 1047, true],
    ['ROLLBACK', 1317, true],
    ['ROLLBACK TO SAVEPOINT trx1', 1305, true],
    ['BEGIN;', 1047, true],
    ['BEGIN;', 1205, false],
    ['INSERT INTO x VALUES (1)', 1047, true],
    ['INSERT INTO x VALUES (1)', 1062, false],
    ['SELECT "COMMIT"', 1205, false],
  ])('after %p was refused with %p: may stay open, with nobody to end it: %p', (sql, errno, expected) => {
    expect(mayStayOpen(sql, refusedWith(errno))).toBe(expected);
  });

  it('is never left open on a connection that can be used, whatever the server refuses when', () => {
    const answers = fc.array(fc.constantFrom(0, 0, 0, 1047, 1062, 1180, 1205, 1213, 1317), { maxLength: 12 });
    fc.assert(
      fc.property(answers, (errnos) => {
        const server = new Server(errnos);
        dropOpenTransactions(server);
        for (let nth = 0; nth < 3 && !server.isDestroyed; nth += 1) {
          transact(server);
          expect(server.isOpen && !server.isDestroyed).toBe(false);
        }
      }),
    );
  });
});

/** As knex does: BEGIN, then statements; ROLLBACK when one is refused, else COMMIT, after which nothing follows. */
function transact(server: Server): void {
  if (server.refuses('BEGIN;')) return;
  const isRefused = ['INSERT INTO a', 'INSERT INTO b'].some((sql) => server.refuses(sql));
  server.refuses(isRefused ? 'ROLLBACK' : 'COMMIT;');
}

/** Answers as it is told, and as MySQL would: 0 does what is asked, a deadlock rolls back, other errors do nothing. */
class Server {
  isOpen = false;
  isDestroyed = false;
  readonly stream = { destroy: () => void (this.isDestroyed = true) };

  constructor(private readonly errnos: number[]) {}

  query(statement: unknown, _values: unknown, done: (error: Error | null) => void): void {
    const errno = this.errnos.shift() ?? 0;
    const { sql } = statement as { sql: string };
    if (errno === 0) this.isOpen = !/^(COMMIT|ROLLBACK)/.test(sql);
    if (errno === 1213) this.isOpen = false;
    done(errno === 0 ? null : refusedWith(errno));
  }

  refuses(sql: string): boolean {
    let isRefused = false;
    this.query({ sql }, [], (error) => (isRefused = error !== null));
    return isRefused;
  }
}

describeMysql('half of a transaction', (open, place) => {
  it.each(['COMMIT', 'ROLLBACK'])(
    'whose %s is refused by a node without majority is not committed by who comes next',
    async (refusedVerb) => {
      const config = await place();
      if (config.client !== 'mysql') throw new Error('not MySQL');
      let refusals = 0;
      const isRefused = (statement: unknown): boolean => {
        const { sql } = statement as { sql: string };
        if (!sql.startsWith(refusedVerb) || refusals > 0) return false;
        refusals += 1;
        return true;
      };
      const database = knex({
        client: 'mysql2',
        log: { warn: () => {} },
        connection: config.url,
        pool: {
          min: 0,
          max: 1,
          afterCreate: (connection: MysqlConnection, ready: (error: Error | null, made: unknown) => void) => {
            const query = connection.query.bind(connection);
            connection.query = (statement, values, done) =>
              isRefused(statement) ? done(refusedWith(1047)) : query(statement, values, done);
            void prepareMysqlConnection(connection, 10_000).then(() => ready(null, connection));
          },
        },
      });
      const other = await open();
      try {
        await other.schema.createTable('notes', (table) => void table.integer('id').primary());
        const failing = inTransaction(database, async (trx) => {
          // The second run finds nothing of the first.
          expect(await trx('notes')).toEqual([]);
          await trx('notes').insert({ id: 1 });
          if (refusedVerb === 'ROLLBACK' || refusals > 0) throw new Error('boom');
        });
        await expect(failing).rejects.toThrow('boom');
        expect(refusals).toBe(1);
        await inTransaction(database, (trx) => trx('notes').insert({ id: 2 }));
        expect(await other('notes')).toEqual([{ id: 2 }]);
      } finally {
        await Promise.all([database.destroy(), other.destroy()]);
      }
    },
  );
});
