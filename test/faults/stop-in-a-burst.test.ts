import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { balance, WHOLE } from './support/ledger.js';
import { describeFaults, ENDS_BY_ITSELF, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

/** What a stop takes beside waiting for work: answers under way, Agenda, the database. */
const GRACE_MS = 5_000;

describeFaults('a host that is stopped', (openScene) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  const leftBehind = async (): Promise<unknown[]> => [
    ...(await scene.database('glue_events').whereNotNull('owner').select('id')),
    ...(await scene.database('glue_deliveries').whereNotNull('owner').select('id')),
    ...(await scene.database('glue_hosts').select('incarnation')),
  ];

  it('in the middle of a burst: refuses, ends by itself with 0, and goes on after the next start', async () => {
    const host = await scene.start('one', ENDS_BY_ITSELF);
    const sender = new Sender(() => scene.running);
    sender.start(40);
    await until('the burst is on', () => sender.accepted.size > 150, 20_000);
    const askedAt = Date.now();
    expect(await host.stop()).toEqual({ code: 0, signal: null });
    expect(Date.now() - askedAt).toBeLessThan(GRACE_MS);
    const statuses = new Set(sender.answers.map(({ status }) => status));
    expect([...statuses].filter((status) => ![202, 503, 0].includes(status))).toEqual([]);
    expect(await leftBehind()).toEqual([]);
    expect(host.log).not.toContain('could not be stopped in order');

    await scene.start('one');
    await sender.stop();
    const ledger = await balance(scene.database, sender.eventIds, scene.receiver);
    expect(ledger).toMatchObject({ ...WHOLE, repeated: 0 });
  }, 90_000);

  it('while a receiver does not answer: ends at its deadline with 0, and sends again after the next start', async () => {
    scene.receiver.manners = (key, arrivals) => ({
      delayMs: key === 'hanging' && arrivals === 1 ? 60_000 : 0,
    });
    const deadlineSeconds = 2;
    const host = await scene.start('one', { ...ENDS_BY_ITSELF, config: { stop: { deadlineSeconds } } });
    const sender = new Sender(() => scene.running);
    await sender.send({ id: 'hanging' });
    await until('the delivery is under way', () => scene.receiver.arrived.has('hanging'), 10_000);
    const askedAt = Date.now();
    expect(await host.stop()).toEqual({ code: 0, signal: null });
    const tookMs = Date.now() - askedAt;
    expect(tookMs).toBeGreaterThanOrEqual(deadlineSeconds * 1_000);
    expect(tookMs).toBeLessThan(deadlineSeconds * 1_000 + GRACE_MS);

    const startedAt = Date.now();
    await scene.start('one');
    const ledger = await balance(scene.database, sender.eventIds, scene.receiver);
    expect(ledger).toMatchObject({ ...WHOLE, repeated: 0 });
    expect(scene.receiver.acceptedAt.get('hanging')?.[0]).toBeLessThan(startedAt + 10_000);
  }, 60_000);
});
