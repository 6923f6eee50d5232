import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Agenda, InMemoryNotificationChannel } from 'agenda';
import knexPackage, { type Knex } from 'knex';
import { KnexBackend } from '../src/index.js';
import { onEachDatabase, QUIET, sqliteConfig } from './databases.js';
import { aJob } from './jobs.js';

onEachDatabase((database) => {
  const borrowed = async (work: (db: Knex, backend: KnexBackend) => Promise<void>) => {
    const db = knexPackage.knex(database.config());
    try {
      await work(db, new KnexBackend({ knex: db }));
    } finally {
      await db.destroy();
    }
  };

  describe('a backend with a connection of its own', () => {
    it('owns it, closes it, and opens it again', async () => {
      const backend = new KnexBackend({ config: database.config() });
      expect(backend.ownsConnection).toBe(true);
      await backend.connect();
      await backend.repository.saveJob(aJob());
      await backend.disconnect();
      await backend.disconnect();
      await expect(async () => backend.repository.queryJobs()).rejects.toThrow();
      await backend.repository.connect();
      expect((await backend.repository.queryJobs()).total).toBe(1);
      await backend.disconnect();
    });
  });

  describe('a backend with a connection lent to it', () => {
    it('does not own it, and leaves it open', () =>
      borrowed(async (db, backend) => {
        expect(backend.ownsConnection).toBe(false);
        await backend.connect();
        await backend.disconnect();
        expect(await db.select(db.raw('1 as one'))).toEqual([{ one: 1 }]);
      }));

    it('claims nothing more once disconnected, and gives back what was being claimed', () =>
      borrowed(async (_, backend) => {
        await backend.connect();
        await backend.repository.purgeAllJobs();
        await backend.repository.saveJob(aJob());
        const claim = () => backend.repository.getNextJobToRun('mail', new Date(), new Date(0));
        const [claimed] = await Promise.all([claim(), backend.disconnect()]);
        expect(claimed).toBeUndefined();
        expect(await claim()).toBeUndefined();
        expect((await backend.repository.queryJobs()).jobs[0]?.lockedAt).toBeUndefined();
        await backend.connect();
        expect(await claim()).toBeDefined();
      }));

    it('refuses one that renames columns', async () => {
      const postProcessResponse = (rows: object[]) => rows.map((row) => ({ renamed: row }));
      const db = knexPackage.knex({ ...database.config(), postProcessResponse });
      await expect(async () => new KnexBackend({ knex: db }).connect()).rejects.toThrow('it renames columns');
      await db.destroy();
    });
  });

  it('connects once, however often it is asked to', () =>
    borrowed(async (db, backend) => {
      await backend.connect();
      let statements = 0;
      db.on('query', () => statements++);
      await Promise.all([backend.connect(), backend.repository.connect()]);
      expect(statements).toBe(0);
    }));

  it('finds its tables up to date at the next start, and only reads', () =>
    borrowed(async (db, backend) => {
      await backend.connect();
      const statements: string[] = [];
      db.on('query', ({ sql }: { sql: string }) => statements.push(sql));
      await new KnexBackend({ knex: db }).connect();
      expect(statements.filter((sql) => !/^(select|pragma)/i.test(sql))).toEqual([]);
    }));

  it('completes tables that a process left half made', () =>
    borrowed(async (db, backend) => {
      await backend.connect();
      await db('agenda_migrations').whereNot({ name: 'agenda_jobs: table' }).delete();
      await db.schema.alterTable('agenda_jobs', (t) =>
        t.dropUnique(['unique_key'], 'agenda_jobs_unique_key'),
      );
      await db.schema.dropTable('agenda_logs');
      await new KnexBackend({ knex: db }).connect();
      const saves = [1, 2].map(() => backend.repository.saveJob(aJob({ name: 'one', type: 'single' })));
      await Promise.all(saves);
      expect((await backend.repository.queryJobs({ name: 'one' })).total).toBe(1);
      expect(await backend.logger.getLogs()).toEqual({ entries: [], total: 0 });
    }));

  it('keeps apart backends with other tables', () =>
    borrowed(async (db) => {
      const tables = { jobs: 'work', migrations: 'agenda_migrations' };
      const others = [
        new KnexBackend({ knex: db, tablePrefix: 'other_' }),
        new KnexBackend({ knex: db, tables }),
      ];
      for (const backend of others) {
        await backend.connect();
        await backend.repository.saveJob(aJob());
        expect((await backend.repository.queryJobs()).total).toBe(1);
      }
      expect(await db('work').pluck('name')).toEqual(['mail']);
    }));
});

describe('a database that cannot be used', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'agenda-knex-'));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const mysql = (port: number) => ({
    client: 'mysql2',
    log: QUIET,
    connection: {
      host: '127.0.0.1',
      port,
      user: 'me',
      password: 'secret',
      database: 'agenda',
      connectTimeout: 500,
    },
  });

  it('refuses the connection: connect says which database, and why, but no password', async () => {
    const backend = new KnexBackend({ config: mysql(1) });
    const refusal = backend.connect();
    await expect(refusal).rejects.toThrow(
      'agenda-knex cannot use its database (mysql2, 127.0.0.1:1/agenda): connect ECONNREFUSED 127.0.0.1:1',
    );
    await expect(refusal).rejects.not.toThrow('secret');
  });

  it.each([
    ['mysql://me:secret@localhost:1/agenda', '(mysql2, localhost:1/agenda): '],
    [{ socketPath: '/no/such.sock', user: 'me', password: 'secret' }, '(mysql2, /no/such.sock): '],
  ])('named by %j is told as %p', async (connection, expected) => {
    const backend = new KnexBackend({
      config: { client: 'mysql2', log: QUIET, connection },
      connectTimeoutMs: 500,
    });
    const refusal = backend.connect();
    await expect(refusal).rejects.toThrow(expected);
    await expect(refusal).rejects.not.toThrow(/secret|: $/);
  });

  it('does not answer: connect gives up in time', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const backend = new KnexBackend({ config: mysql(port), connectTimeoutMs: 100 });
    await expect(async () => backend.connect()).rejects.toThrow('no answer within 100 ms');
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  it('is not there yet: connect fails, and succeeds when it is', async () => {
    const backend = new KnexBackend({
      config: { ...sqliteConfig(join(folder, 'later', 'jobs.sqlite')), log: QUIET },
    });
    await expect(async () => backend.connect()).rejects.toThrow('directory does not exist');
    await mkdir(join(folder, 'later'));
    await backend.connect();
    await backend.disconnect();
  });

  it('is of a kind not spoken here', () => {
    const db = knexPackage.knex({ client: 'mssql' });
    expect(() => new KnexBackend({ knex: db })).toThrow(
      'this knex is for "mssql": give it a knex with client',
    );
  });

  it('cannot take the tables: connect names the step', async () => {
    const filename = join(folder, 'readonly.sqlite');
    const first = knexPackage.knex(sqliteConfig(filename));
    await first.raw('select 1');
    await first.destroy();
    const config = {
      client: 'better-sqlite3',
      connection: { filename, options: { readonly: true } },
      useNullAsDefault: true,
    };
    const backend = new KnexBackend({ config });
    await expect(async () => backend.connect()).rejects.toThrow(
      'agenda-knex cannot prepare its tables, step "agenda_migrations":',
    );
  });
});

describe('the backend as Agenda sees it', () => {
  it('tells its name, its logger and the notification channel it was given', () => {
    const notificationChannel = new InMemoryNotificationChannel();
    const config = sqliteConfig(':memory:');
    const backend = new KnexBackend({ config, notificationChannel });
    expect(backend.name).toBe('Knex (better-sqlite3)');
    expect(new KnexBackend({ config }).notificationChannel).toBeUndefined();
    const agenda = new Agenda({ backend, logging: true });
    expect([agenda.hasJobLogger(), agenda.hasNotificationChannel()]).toEqual([true, true]);
    return backend.disconnect();
  });
});
