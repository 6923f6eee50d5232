import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import knexPackage, { type Knex } from 'knex';
import { claimNextJob } from '../src/claim-job.js';
import { nameTables } from '../src/database.js';
import { dialectOf } from '../src/dialect.js';
import { KnexBackend } from '../src/knex-backend.js';
import { onEachDatabase } from './databases.js';
import { aJob, emptyBackend, NOON } from './jobs.js';

onEachDatabase((database) => {
  describe('a sort of your own', () => {
    const store = emptyBackend(database, { sort: { priority: 'desc', nextRunAt: 'desc' } });

    it('orders claims, its first field first', async () => {
      await store.repository().saveJob(aJob({ priority: 1, nextRunAt: new Date(NOON - 9), data: 'last' }));
      await store.repository().saveJob(aJob({ priority: 2, nextRunAt: new Date(NOON - 9), data: 'second' }));
      await store.repository().saveJob(aJob({ priority: 2, nextRunAt: new Date(NOON - 1), data: 'first' }));
      const order = [await store.claim(), await store.claim(), await store.claim()];
      expect(order.map((job) => job?.data)).toEqual(['first', 'second', 'last']);
    });
  });

  describe('the order of claims', () => {
    let db: Knex;
    let backend: KnexBackend;
    beforeAll(async () => {
      db = knexPackage.knex(database.config());
      backend = new KnexBackend({ knex: db });
      await backend.connect();
      const ages = Array.from({ length: 50 }, (_, n) => n);
      await Promise.all(ages.map((n) => backend.repository.saveJob(aJob({ nextRunAt: new Date(NOON - n) }))));
    });
    afterAll(() => db.destroy());

    it('gives way after a collision, but passes over no job', async () => {
      const [sort, now] = [{ nextRunAt: 'asc' as const }, Date.now];
      const place = { knex: db, dialect: dialectOf(db), tables: nameTables(), sort, now };
      const claim = { name: 'collided', dueBy: NOON, lockedBy: 0, now: NOON, claimant: undefined };
      for (let n = 0; n < 5; n++) await backend.repository.saveJob(aJob({ name: 'collided' }));
      const claimed = [];
      for (let n = 0; n < 6; n++) claimed.push((await claimNextJob(place, claim, 3))?._id);
      expect(new Set(claimed).size).toBe(6);
      expect(claimed[5]).toBeUndefined();
    });

    it('is served by an index: nothing is sorted, so that nothing is locked but the row claimed', async () => {
      const statements: { sql: string; bindings: Knex.RawBinding[] }[] = [];
      db.on('query', (statement: { sql: string; bindings: Knex.RawBinding[] }) => statements.push(statement));
      await backend.repository.getNextJobToRun('mail', new Date(NOON), new Date(NOON - 600_000));
      const claims = statements.filter(({ sql }) => /order by/.test(sql));
      const looks = claims.filter(({ sql }) => !/and .id. = /.test(sql)); // Beside them, the one row found is locked by its id.
      expect(looks).toHaveLength(database.dialect === 'mysql' ? 2 : 1);
      for (const { sql, bindings } of looks) {
        const asked = sql.replaceAll(/\$\d+/g, '?');
        const plan = JSON.stringify(
          await db.raw(
            `${database.dialect === 'sqlite' ? 'explain query plan' : 'explain'} ${asked}`,
            bindings,
          ),
        );
        expect(plan).toContain('agenda_jobs_claim');
        expect(plan).not.toMatch(/filesort|temp b-tree/i);
      }
    });
  });
});
