import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { MARIADBD, MariadbServer } from '../../../test/faults/support/mariadb-server.js';
import { TcpProxy } from '../../../test/faults/support/tcp-proxy.js';
import { withoutAnswerLimit } from '../src/database/answer-limit.js';
import type { Database, Transaction } from '../src/database/database.js';
import { rowsOf } from '../src/database/database-time.js';
import { inTransaction } from '../src/database/in-transaction.js';
import { insertRows } from '../src/database/insert-rows.js';
import { migrate } from '../src/database/migrate.js';
import { openDatabase } from '../src/database/open-database.js';
import { refusal } from './support/refusal.js';

const LIMIT_MS = 1_000;
const away = refusal('GLUE_DATABASE_UNAVAILABLE');
const select1 = (database: Database) =>
  inTransaction(database, async (trx) => rowsOf(await trx.raw('SELECT 1 AS n')));

const describeServer = MARIADBD === undefined ? describe.skip : describe;

describeServer(
  `a MySQL connection${MARIADBD === undefined ? ' (skipped: GLUE_TEST_MARIADBD is not set)' : ''}`,
  () => {
    let server: MariadbServer;
    let proxy: TcpProxy;
    let database: Database;

    beforeAll(async () => {
      server = await MariadbServer.create();
      await server.start();
      await server.ask('CREATE DATABASE glue');
    }, 60_000);

    afterAll(() => server.remove());

    beforeEach(async () => {
      proxy = await TcpProxy.start(server.port);
      database = open(LIMIT_MS);
    });

    afterEach(async () => {
      await database.destroy();
      proxy.close();
    });

    function open(answerTimeoutMs: number): Database {
      const url = server.url('glue', proxy.port);
      return openDatabase({
        client: 'mysql',
        url,
        poolSize: 3,
        connectTimeoutMs: 500,
        answerTimeoutMs,
        tls: false,
      });
    }

    /** How long work took, in milliseconds. */
    async function timeOf(work: Promise<unknown>): Promise<number> {
      const start = performance.now();
      await work;
      return performance.now() - start;
    }

    it('that is cut is made anew at the next use', async () => {
      await select1(database);
      proxy.cut();
      expect(await timeOf(expect(select1(database)).rejects.toEqual(away))).toBeLessThan(300);
      await proxy.open();
      expect(await select1(database)).toEqual([{ n: 1 }]);
    });

    it('that is lost within a transaction is said to be, whatever the rollback meets', async () => {
      const lost = inTransaction(database, async (trx) => {
        await trx.raw('SELECT 1');
        proxy.cut();
        await trx.raw('SELECT 1');
      });
      await expect(lost).rejects.toEqual(away);
    });

    it('that lets nothing through is given up in time, for all who wait for it', async () => {
      await select1(database);
      proxy.hang();
      const waiting = inTransaction(database, (trx) =>
        Promise.all([trx.raw('SELECT 1'), trx.raw('SELECT 2'), trx.raw('SELECT 3')]),
      );
      expect(await timeOf(expect(waiting).rejects.toEqual(away))).toBeLessThan(LIMIT_MS + 500);
      // No connection is left; a new one is given up by the limit for connecting.
      expect(await timeOf(expect(select1(database)).rejects.toEqual(away))).toBeLessThan(1_000);
      await proxy.open();
      expect(await select1(database)).toEqual([{ n: 1 }]);
    });

    it('that lets nothing through does not hold up the closing of the pool', async () => {
      await Promise.all([select1(database), select1(database), select1(database)]);
      expect(proxy.connections).toBe(3);
      proxy.hang();
      expect(await timeOf(database.destroy())).toBeLessThan(500);
      await proxy.open();
      for (let turn = 0; turn < 40 && proxy.connections > 0; turn += 1) await sleep(50);
      expect(proxy.connections).toBe(0);
    });

    it('is not taken for dead by a host that was blocked itself', async () => {
      const answer = inTransaction(database, async (trx) => {
        const asked = trx.raw<unknown>('SELECT SLEEP(0.2)').then((rows) => rows);
        await sleep(50);
        const blockedUntil = performance.now() + LIMIT_MS + 300;
        while (performance.now() < blockedUntil);
        await asked;
        return 'answered';
      });
      expect(await answer).toBe('answered');
    });

    it('is waited for no longer than the limit when all are in use', async () => {
      const holders = await Promise.all([1, 2, 3].map(() => database.transaction()));
      expect(await timeOf(expect(select1(database)).rejects.toEqual(away))).toBeLessThan(1_000);
      await Promise.all(holders.map((holder) => holder.rollback()));
      expect(await select1(database)).toEqual([{ n: 1 }]);
    });

    it('that waits for a lock runs again before it would be taken for dead', async () => {
      await database.raw('CREATE OR REPLACE TABLE locked (id INT PRIMARY KEY)');
      await database('locked').insert({ id: 1 });
      const holder = await database.transaction();
      await holder('locked').where({ id: 1 }).forUpdate();
      const waiter = open(2_000);
      let runs = 0;
      const waiting = inTransaction(waiter, async (trx) => {
        runs += 1;
        await trx('locked').where({ id: 1 }).delete();
      });
      await sleep(1_500);
      await holder.rollback();
      await waiting;
      expect(runs).toBe(2);
      expect(await database('locked')).toEqual([]);
      await waiter.destroy();
    });

    it('may take its time for a migration', async () => {
      const slow = {
        name: 'slow-001-alter',
        up: (trx: Database) => trx.raw(`SELECT SLEEP(${LIMIT_MS / 1000 + 0.5})`),
      };
      const asked: string[] = [];
      database.on('query', ({ sql }: { sql: string }) => asked.push(sql));
      expect(await migrate(database, [slow])).toEqual(['slow-001-alter']);
      // Idle all the while, the connection that holds the lock would be ended by the server.
      expect(asked).toContain('DO 1');
      const later = inTransaction(database, async (trx) => {
        await withoutAnswerLimit(trx, async () => trx.raw('SELECT SLEEP(1.2)'));
        await trx.raw('SELECT SLEEP(5)');
      });
      await expect(later).rejects.toEqual(away);
    });

    it('goes on by itself after the server was killed and started again', async () => {
      await Promise.all([select1(database), select1(database), select1(database)]);
      const asked = expect(
        inTransaction(database, async (trx) => trx.raw('SELECT SLEEP(5)')),
      ).rejects.toEqual(away);
      await sleep(100);
      await server.kill();
      await asked;
      await expect(select1(database)).rejects.toEqual(away);
      await server.start();
      expect(await select1(database)).toEqual([{ n: 1 }]);
    }, 40_000);

    it('is not made to a server that accepts and says nothing', async () => {
      proxy.hang();
      expect(await timeOf(expect(select1(database)).rejects.toEqual(away))).toBeLessThan(1_000);
    });

    it('has bytes travel as bytes, and as text where the server keeps no more prepared statements', async () => {
      await database.raw('CREATE OR REPLACE TABLE kept (id INT PRIMARY KEY, body LONGBLOB)');
      const bytes = Buffer.from([0, 1, 39, 92, 255]);
      const shape = { table: 'kept', columns: ['id', 'body'], isPrepared: true };
      const insert = (id: number) => inTransaction(database, (trx) => insertRows(trx, shape, [[id, bytes]]));
      const prepared = async () => {
        const [row] = rowsOf<{ Value: string }>(
          await database.raw("SHOW GLOBAL STATUS LIKE 'Com_stmt_prepare'"),
        );
        return Number(row?.Value);
      };
      const before = await prepared();
      await insert(1);
      await insert(2);
      expect((await prepared()) - before).toBe(1);

      const fresh = open(LIMIT_MS);
      await server.ask('SET GLOBAL max_prepared_stmt_count = 0');
      await inTransaction(fresh, (trx) =>
        insertRows(trx, shape, [
          [3, bytes],
          [4, bytes],
        ]),
      );
      await server.ask('SET GLOBAL max_prepared_stmt_count = DEFAULT');
      await fresh.destroy();
      expect(await database('kept').orderBy('id')).toEqual([1, 2, 3, 4].map((id) => ({ id, body: bytes })));
    });

    it('refuses what the server would break off for, bytes or text, and keeps the transaction', async () => {
      await server.ask('CREATE OR REPLACE TABLE glue.large (id INT PRIMARY KEY, body LONGBLOB)');
      await server.ask('SET GLOBAL max_allowed_packet = 1048576');
      const limited = open(LIMIT_MS);
      const bytes = Buffer.alloc(1024 * 1024 - 200, 7);
      const insert = (trx: Transaction, id: number, body: Buffer, isPrepared: boolean) =>
        insertRows(trx, { table: 'large', columns: ['id', 'body'], isPrepared }, [[id, body]]);
      const isRefused = async (statement: Promise<void>) =>
        statement.then(
          () => false,
          (error: { code?: string }) => error.code === 'ER_NET_PACKET_TOO_LARGE',
        );
      const refused = await inTransaction(limited, async (trx) => [
        await isRefused(insert(trx, 1, bytes, true)),
        await isRefused(insert(trx, 2, Buffer.concat([bytes, bytes]), true)),
        await isRefused(insert(trx, 3, bytes, false)),
        await isRefused(insert(trx, 4, bytes.subarray(0, bytes.length / 2), false)),
      ]);
      expect(refused).toEqual([false, true, true, false]);
      // Where the server keeps no more statements, the same goes as text, twice as long.
      await server.ask('SET GLOBAL max_prepared_stmt_count = 0');
      const fresh = open(LIMIT_MS);
      await expect(inTransaction(fresh, (trx) => insert(trx, 5, bytes, true))).rejects.toEqual(
        refusal('GLUE_DATABASE_PACKET_TOO_LARGE', 'max_allowed_packet is 1048576'),
      );
      await server.ask('SET GLOBAL max_prepared_stmt_count = DEFAULT, max_allowed_packet = DEFAULT');
      await Promise.all([limited.destroy(), fresh.destroy()]);
      expect((await database('large').orderBy('id')).map(({ id }) => id as number)).toEqual([1, 4]);
    });

    it('leaves no error without a listener when the line breaks after the leave was taken', async () => {
      await select1(database);
      proxy.hang();
      await database.destroy();
      await sleep(20); // knex has removed its listeners.
      const crash = once(process, 'uncaughtException', { signal: AbortSignal.timeout(300) });
      proxy.cut();
      await expect(crash).rejects.toMatchObject({ name: 'AbortError' });
    });
  },
);
