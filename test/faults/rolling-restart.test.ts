import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { balance } from './support/ledger.js';
import { describeFaults, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

describeFaults('hosts that are stopped in order under load', (openScene, isSqlite) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  it('one after the other and started again: nothing is lost, and nothing done twice', async () => {
    const names = isSqlite ? ['one', 'two'] : ['one', 'two', 'three'];
    const hosts = new Map<string, Awaited<ReturnType<Scene['start']>>>();
    for (const name of names) hosts.set(name, await scene.start(name));
    const stopping = new Set<string>();
    const sender = new Sender(
      () => [...hosts].flatMap(([name, host]) => (stopping.has(name) ? [] : host)),
      5,
    );
    sender.start();
    for (const name of names) {
      const before = sender.accepted.size;
      await until('some events are accepted', () => sender.accepted.size > before + 100, 20_000);
      const ending = hosts.get(name)?.stop();
      expect(await ending).toEqual({ code: 0, signal: null });
      stopping.add(name);
      hosts.set(name, await scene.start(name));
      stopping.delete(name);
    }
    await sender.stop();
    expect(await balance(scene.database, sender.accepted, scene.receiver)).toMatchObject({
      ...{ lost: [], undelivered: [], stuck: 0, repeated: 0, recordedTwice: 0 },
    });
  }, 120_000);

  it('in the middle of a burst: ends in time with 0, and goes on after the next start', async () => {
    const host = await scene.start('one');
    const sender = new Sender(() => scene.running);
    sender.start(40);
    await until('the burst is on', () => sender.accepted.size > 150, 20_000);
    const askedAt = Date.now();
    expect(await host.stop()).toEqual({ code: 0, signal: null });
    expect(Date.now() - askedAt).toBeLessThan(10_000);
    const statuses = new Set(sender.answers.map(({ status }) => status));
    expect([...statuses].filter((status) => ![202, 503, 0].includes(status))).toEqual([]);
    expect(await scene.database('glue_events').whereNotNull('owner')).toEqual([]);
    expect(await scene.database('glue_hosts').select()).toEqual([]);

    await scene.start('one');
    await sender.stop();
    expect(await balance(scene.database, sender.accepted, scene.receiver)).toMatchObject({
      ...{ lost: [], undelivered: [], stuck: 0, repeated: 0, recordedTwice: 0 },
    });
  }, 90_000);
});
