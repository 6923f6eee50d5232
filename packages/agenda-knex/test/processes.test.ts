import { describe, expect, it } from '@jest/globals';
import knexPackage from 'knex';
import { KnexBackend } from '../src/knex-backend.js';
import { Child, race } from './children.js';
import { onEachDatabase, type TestDatabase } from './databases.js';
import { aJob } from './jobs.js';

/** These run the built package (dist) in processes of their own. */
onEachDatabase((database) => {
  describe('processes that share a database', () => {
    it('make its tables together, however many start at once, and leave nothing open', async () => {
      const config = plainConfig(database);
      await race('connect', Array(4).fill({ config, tablePrefix: 'together_' }));
      await withBackend(database, { tablePrefix: 'together_' }, async ({ repository }) => {
        await repository.saveJob(aJob({ type: 'single' }));
        await repository.saveJob(aJob({ type: 'single' }));
        expect((await repository.queryJobs()).total).toBe(1);
      });
    });

    it('claim each of 500 jobs exactly once', async () => {
      await withBackend(database, {}, async ({ repository }) => {
        await Promise.all(Array.from({ length: 500 }, () => repository.saveJob(aJob({ name: 'shared' }))));
      });
      const claims = await race(
        'claim-all',
        Array(2).fill({ config: plainConfig(database), name: 'shared' }),
      );
      const [one = [], two = []] = claims.map(toIds);
      expect(one.length).toBeGreaterThan(0);
      expect(two.length).toBeGreaterThan(0);
      expect([...one, ...two]).toHaveLength(500);
      expect(new Set([...one, ...two]).size).toBe(500);
    });

    it('agree on one job per key when they save at once', async () => {
      await withBackend(database, {}, () => Promise.resolve());
      const saves = await race('save-keyed', Array(2).fill({ config: plainConfig(database) }));
      expect(new Set(saves.flatMap(toIds)).size).toBe(9);
      await withBackend(database, {}, async ({ repository }) => {
        expect((await repository.queryJobs({ name: 'keyed' })).total).toBe(9);
      });
    });

    it('take over the job of one that was killed once its lock has expired, not before', async () => {
      await withBackend(database, {}, async ({ repository }) => {
        await repository.saveJob(aJob({ name: 'orphan' }));
        const child = await Child.start('hold-lock', { config: plainConfig(database), name: 'orphan' });
        const held = toLock(await child.go());
        await child.kill();
        const now = new Date();
        expect(await repository.getNextJobToRun('orphan', now, new Date(held.lockedAt - 1))).toBeUndefined();
        const taken = await repository.getNextJobToRun('orphan', now, new Date(held.lockedAt));
        expect(taken?._id).toBe(held.id);
      });
    });

    it('end by themselves once their Agenda has stopped', async () => {
      await withBackend(database, {}, ({ repository }) => repository.saveJob(aJob({ name: 'last' })));
      const child = await Child.start('run-agenda', { config: plainConfig(database), name: 'last' });
      await child.go();
      expect(await child.exit).toBe(0);
    });
  });
});

/** The same place, as a message can carry it; a SQLite file stays in WAL mode once set. */
function plainConfig(database: TestDatabase): object {
  const { client, connection } = database.config();
  return { client, connection, pool: database.dialect === 'sqlite' ? undefined : { min: 0, max: 3 } };
}

async function withBackend(
  database: TestDatabase,
  options: { tablePrefix?: string },
  work: (backend: KnexBackend) => Promise<unknown>,
): Promise<void> {
  const db = knexPackage.knex(database.config());
  const backend = new KnexBackend({ ...options, knex: db });
  try {
    await backend.connect();
    await work(backend);
  } finally {
    await backend.disconnect();
    await db.destroy();
  }
}

function toIds(message: unknown): string[] {
  if (!Array.isArray(message)) throw new Error('the child sent no ids');
  return message.map(String);
}

function toLock(message: unknown): { id: string; lockedAt: number } {
  if (typeof message !== 'object' || message === null || !('id' in message) || !('lockedAt' in message)) {
    throw new Error('the child holds no lock');
  }
  return { id: String(message.id), lockedAt: Number(message.lockedAt) };
}
