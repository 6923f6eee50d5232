import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { balance } from './support/ledger.js';
import { describeFaults, type Scene } from './support/scene.js';
import { post, Sender } from './support/sender.js';
import { until } from './support/until.js';

describeFaults('a handler that does not behave', (openScene) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  const eventOf = (id: string) => scene.database('glue_events').where({ delivery_key: id }).first();

  it('is given up at its deadline and tried again, and holds up nobody else', async () => {
    const host = await scene.start('one');
    const sender = new Sender(() => scene.running, 20);
    expect((await post(host.url, { id: 'slow', neverOnce: true })).status).toBe(202);
    sender.start(4);
    await until('others go on', () => scene.receiver.accepted.size > 20, 20_000);
    await sender.stop();
    const ledger = await balance(scene.database, new Set([...sender.accepted, 'slow']), scene.receiver);
    expect(ledger).toMatchObject({ lost: [], undelivered: [], stuck: 0, repeated: 0, recordedTwice: 0 });
    const { id } = await eventOf('slow');
    const attempts = await scene.database('glue_event_attempts').where({ item_id: id }).orderBy('number');
    expect(attempts).toMatchObject([
      { number: 1, outcome: 'failed', cause: 'timeout' },
      { number: 2, outcome: 'done', cause: null },
    ]);
  }, 60_000);

  it('blocks its host past the lease: another takes over, the late result is refused, the host goes on', async () => {
    const blocked = await scene.start('blocked');
    expect((await post(blocked.url, { id: 'blocking', blockOnceMs: 17_000 })).status).toBe(202);
    const begun = async (): Promise<boolean> => (await eventOf('blocking')).state === 'processing';
    await until('the handler runs', begun, 10_000);
    const blockedAt = Date.now();
    await scene.start('other');
    const sender = new Sender(() => scene.hosts.filter((host) => host !== blocked), 50);
    sender.start(2);
    await until('the other has done it', () => scene.receiver.accepted.has('blocking'), 20_000);
    expect(Date.now() - blockedAt).toBeLessThan(15_500);
    await until(
      'the blocked host begins anew',
      () => blocked.log.includes('a new incarnation begins'),
      20_000,
    );
    const answer = await post(blocked.url, { id: 'afterwards' });
    expect(answer.status).toBe(202);
    await sender.stop();
    const accepted = new Set([...sender.accepted, 'blocking', 'afterwards']);
    expect(await balance(scene.database, accepted, scene.receiver)).toMatchObject({
      ...{ lost: [], undelivered: [], stuck: 0, repeated: 0, recordedTwice: 0 },
    });
  }, 90_000);
});
