import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Agenda, backoffStrategies, InMemoryNotificationChannel, type AgendaOptions, type Job } from 'agenda';
import { KnexBackend } from '../src/knex-backend.js';
import { Child } from './children.js';
import { onEachDatabase } from './databases.js';
import { aJob } from './jobs.js';

/** Long enough for a busy machine not to lose a lock by accident. */
const LOCK_MS = 2000;
const SHORT_LOCK_MS = 300;

onEachDatabase((database) => {
  let backend: KnexBackend;
  let agendas: Agenda[] = [];
  beforeAll(async () => {
    backend = new KnexBackend({ config: database.config() });
    await backend.connect();
  });
  beforeEach(() => backend.repository.purgeAllJobs());
  afterEach(async () => {
    // A stopped Agenda is not the backend's end here, as the next test uses it again.
    await Promise.all(agendas.map((agenda) => agenda.stop(false)));
    agendas = [];
  });
  afterAll(() => backend.disconnect());

  const anAgenda = (options: Partial<AgendaOptions> = {}): Agenda => {
    const agenda = new Agenda({
      backend,
      processEvery: 25,
      defaultLockLifetime: LOCK_MS,
      defaultLockLimit: 5,
      ...options,
    });
    agenda.on('error', () => undefined);
    agendas.push(agenda);
    return agenda;
  };
  const stored = async (name: string) => (await backend.repository.queryJobs({ name })).jobs;

  describe('Agenda on this backend', () => {
    it('runs a job now, with its data, and removes it when it is done', async () => {
      const agenda = anAgenda({ removeOnComplete: true });
      const given: unknown[] = [];
      agenda.define('greet', async (job: Job<{ name: string }>) => void given.push(job.attrs.data));
      await agenda.start();
      await agenda.now('greet', { name: 'Ann' });
      await once(agenda, 'complete:greet');
      await until(async () => (await stored('greet')).length === 0);
      expect(given).toEqual([{ name: 'Ann' }]);
    });

    it('runs a scheduled job at its time, not before', async () => {
      const agenda = anAgenda();
      agenda.define('later', async () => undefined);
      await agenda.start();
      const due = new Date(Date.now() + 150);
      await agenda.schedule(due, 'later');
      const [job]: Job[] = await once(agenda, 'start:later');
      expect(job?.attrs.lastRunAt?.getTime()).toBeGreaterThanOrEqual(due.getTime());
      expect(job?.attrs.lastRunAt?.getTime()).toBeLessThan(due.getTime() + 1000);
    });

    it('repeats a job, as one row, and goes on where it was after a restart', async () => {
      let runs = 0;
      const first = anAgenda();
      first.define('tick', async () => void runs++);
      await first.start();
      await first.every(60, 'tick');
      await until(async () => runs >= 3);
      await first.stop(false);
      const second = anAgenda();
      await second.every('1 hour', 'tick');
      expect(await stored('tick')).toMatchObject([{ repeatInterval: '1 hour', type: 'single' }]);
    });

    it('tries a failed job again, and forgets the failures once it succeeds', async () => {
      const agenda = anAgenda();
      const backoff = backoffStrategies.constant({ delay: 30, maxRetries: 5 });
      let tries = 0;
      const work = async () => {
        if (++tries < 3) throw new Error(`no ${tries}`);
      };
      agenda.define('shaky', work, { backoff });
      await agenda.start();
      await agenda.now('shaky');
      await once(agenda, 'success:shaky');
      await until(async () => (await stored('shaky'))[0]?.state === 'completed');
      expect(await stored('shaky')).toMatchObject([{ failCount: 0, failReason: 'no 2' }]);
      expect(tries).toBe(3);
    });

    it('saves the end of a job that threw something odd', async () => {
      const agenda = anAgenda();
      agenda.define('odd', () => Promise.reject({ code: 7 }));
      await agenda.start();
      await agenda.now('odd');
      await once(agenda, 'complete:odd');
      expect(await stored('odd')).toMatchObject([
        { state: 'failed', failReason: '{ code: 7 }', failCount: 1 },
      ]);
    });

    it('runs neither a canceled nor a disabled job', async () => {
      const agenda = anAgenda();
      const ran: string[] = [];
      for (const name of ['canceled', 'disabled', 'other'])
        agenda.define(name, async () => void ran.push(name));
      await agenda.now('canceled');
      await agenda.now('disabled');
      await agenda.now('other');
      expect(await agenda.cancel({ name: 'canceled' })).toBe(1);
      expect(await agenda.disable({ name: 'disabled' })).toBe(1);
      await agenda.start();
      await once(agenda, 'complete:other');
      await sleep(60);
      expect(ran).toEqual(['other']);
      expect(await agenda.enable({ name: 'disabled' })).toBe(1);
      await once(agenda, 'complete:disabled');
    });

    it('runs each of 60 jobs once, on two Agendas', async () => {
      const ran: unknown[] = [];
      const two = [anAgenda({ name: 'one' }), anAgenda({ name: 'two' })];
      for (const agenda of two)
        agenda.define('shared', async (job: Job<number>) => void ran.push(job.attrs.data));
      await Promise.all(Array.from({ length: 60 }, (_, n) => two[0]?.now('shared', n)));
      await Promise.all(two.map((agenda) => agenda.start()));
      await until(async () => ran.length >= 60);
      await sleep(60);
      expect(ran).toHaveLength(60);
      expect(new Set(ran).size).toBe(60);
    });

    it('picks a job up at the next scan, or, with a notification channel, when it is saved', async () => {
      const polling = anAgenda({ processEvery: 400 });
      polling.define('poll', async () => undefined);
      await polling.start();
      await sleep(50);
      expect(await latency(polling, 'poll')).toBeGreaterThan(200);

      const notified = anAgenda({
        processEvery: 2000,
        notificationChannel: new InMemoryNotificationChannel(),
      });
      notified.define('push', async () => undefined);
      await notified.start();
      await sleep(50);
      expect(await latency(notified, 'push')).toBeLessThan(1000);
    });

    it('runs a job again that was asked for again while it ran, though it is removed when done', async () => {
      const agenda = anAgenda({ removeOnComplete: true });
      const again = () => agenda.create('wake', {}).unique({ lane: 1 }).schedule(new Date()).save();
      let runs = 0;
      agenda.define('wake', async () => {
        if (++runs === 1) await again();
      });
      await agenda.start();
      await again();
      await until(async () => runs === 2 && (await stored('wake')).length === 0);
    });

    it('saves progress, and what touch() tells', async () => {
      const agenda = anAgenda();
      const seen: (number | undefined)[] = [];
      agenda.define('slow', async (job: Job) => {
        await job.touch(40);
        seen.push((await stored('slow'))[0]?.progress);
      });
      await agenda.start();
      await agenda.now('slow');
      await once(agenda, 'complete:slow');
      expect(seen).toEqual([40]);
    });

    it('logs what happens to a job', async () => {
      const agenda = anAgenda({ logging: true, name: 'host-1' });
      agenda.define('logged', async () => undefined);
      await agenda.start();
      await agenda.now('logged');
      await until(async () => (await agenda.getLogs({ event: 'complete' })).total === 1);
      const { entries } = await agenda.getLogs({ jobName: 'logged', sort: 'asc' });
      expect(entries.map(({ event }) => event)).toEqual(['locked', 'start', 'success', 'complete']);
      expect(entries[0]).toMatchObject({ agendaName: 'host-1', level: 'debug', jobName: 'logged' });
      expect(await agenda.clearLogs()).toBe(4);
    });
  });

  describe('stopping', () => {
    it('gives back what was locked but not started', async () => {
      const agenda = anAgenda({ processEvery: 10_000 });
      agenda.define('soon', async () => undefined);
      await agenda.schedule(new Date(Date.now() + 5000), 'soon');
      await agenda.start();
      // Not only the database: Agenda itself has to know what it has locked.
      await until(async () => (await agenda.getRunningStats()).lockedJobs === 1);
      expect(await stored('soon')).toMatchObject([{ state: 'running' }]);
      await agenda.stop(false);
      expect(await stored('soon')).toMatchObject([{ state: 'scheduled' }]);
    });

    it('drain() waits for running jobs, and their end is saved', async () => {
      const agenda = anAgenda();
      agenda.define('busy', () => sleep(100));
      await agenda.start();
      await agenda.now('busy');
      await once(agenda, 'start:busy');
      expect(await agenda.drain({ closeConnection: false })).toMatchObject({ completed: 1, running: 0 });
      expect(await stored('busy')).toMatchObject([{ state: 'completed' }]);
    });

    it('a job whose process was killed runs elsewhere once its lock has expired', async () => {
      await backend.repository.saveJob(aJob({ name: 'orphan' }));
      const { client, connection } = database.config();
      const child = await Child.start('run-agenda', {
        config: { client, connection },
        name: 'orphan',
        hangs: true,
      });
      await child.go();
      await child.kill();
      const [lost] = await stored('orphan');
      expect(lost).toMatchObject({ state: 'running', nextRunAt: null });
      const agenda = anAgenda();
      agenda.define('orphan', async () => undefined, { lockLifetime: SHORT_LOCK_MS });
      await agenda.start();
      const [job]: Job[] = await once(agenda, 'success:orphan');
      const waited = Number(job?.attrs.lastRunAt) - Number(lost?.lockedAt);
      expect(waited).toBeGreaterThanOrEqual(SHORT_LOCK_MS);
    });
  });
});

async function latency(agenda: Agenda, name: string): Promise<number> {
  const savedAt = Date.now();
  const started = once(agenda, `start:${name}`);
  await agenda.now(name);
  await started;
  return Date.now() - savedAt;
}

/** Waits for what no event tells. */
async function until(fact: () => Promise<boolean>): Promise<void> {
  while (!(await fact())) await sleep(10);
}
