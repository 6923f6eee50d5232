import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { balance, WHOLE } from './support/ledger.js';
import { describeFaults, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

/** Longer than the deadline of the connector's endpoint, and than its first delay and the second attempt. */
const SLOW_MS = 4_000;
/** Longer than a lease. */
const BLOCKED_MS = 14_000;

describeFaults('a handler that does not behave', (openScene) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  const eventOf = (id: string) => scene.database('glue_events').where({ delivery_key: id }).first();
  const attemptsOf = async (id: string) =>
    scene
      .database('glue_event_attempts')
      .where({ item_id: (await eventOf(id)).id })
      .orderBy('number');

  it('is given up at its deadline and tried again, changes nothing any more, and holds up nobody else', async () => {
    const host = await scene.start('one');
    const sender = new Sender(() => scene.running, 20);
    await sender.send({ id: 'never', neverOnce: true });
    await sender.send({ id: 'slow', slowOnceMs: SLOW_MS });
    sender.start(4);
    await until('others go on', () => scene.receiver.accepted.size > 20, 20_000);
    expect(scene.receiver.accepted.has('never')).toBe(false);
    expect(scene.receiver.accepted.has('slow')).toBe(false);
    await until('the next attempt is accepted', () => scene.receiver.accepted.has('slow'), 20_000);
    await until(
      'the first has ended too',
      () => host.log.includes('a handler ended after its deadline'),
      20_000,
    );
    await sender.stop();
    const ledger = await balance(scene.database, sender.eventIds, scene.receiver);
    expect(ledger).toMatchObject({ ...WHOLE, repeated: 0 });
    for (const id of ['never', 'slow']) {
      expect(await attemptsOf(id)).toMatchObject([
        { number: 1, outcome: 'failed', cause: 'timeout' },
        { number: 2, outcome: 'done', cause: null },
      ]);
      expect(scene.receiver.bodies.get(id)).toBe(JSON.stringify({ id, attempt: 2 }));
    }
  }, 60_000);

  it('blocks its host past the lease: another takes over, the late result is refused, the host goes on', async () => {
    const blocked = await scene.start('blocked');
    const toBlocked = new Sender(() => [blocked]);
    await toBlocked.send({ id: 'blocking', blockOnceMs: BLOCKED_MS });
    const begun = async (): Promise<boolean> => (await eventOf('blocking')).state === 'processing';
    await until('the handler runs', begun, 10_000);
    const blockedAt = Date.now();

    const other = await scene.start('other');
    const toOther = new Sender(() => [other], 50);
    toOther.start(2);
    await until('the other has done it', () => scene.receiver.accepted.has('blocking'), 20_000);
    expect(Date.now() - blockedAt).toBeLessThan(15_000);
    await until('its result is refused', () => blocked.log.includes('a late result was refused'), 20_000);
    await until('it begins anew', () => blocked.log.includes('a new incarnation begins'), 20_000);
    await toOther.stop();
    await other.stop();

    await toBlocked.send({ id: 'afterwards' });
    const accepted = new Map([...toBlocked.eventIds, ...toOther.eventIds]);
    const ledger = await balance(scene.database, accepted, scene.receiver);
    expect(ledger).toMatchObject({ ...WHOLE, repeated: 0 });
    expect(await attemptsOf('blocking')).toMatchObject([{ number: 2, outcome: 'done' }]);
    expect(scene.receiver.bodies.get('blocking')).toBe('{"id":"blocking","attempt":2}');
  }, 90_000);
});
