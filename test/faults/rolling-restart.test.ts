import { afterEach, beforeEach, expect, it } from '@jest/globals';
import type { HostProcess } from './support/host-process.js';
import { balance, WHOLE } from './support/ledger.js';
import { describeFaults, ENDS_BY_ITSELF, type Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

describeFaults('hosts that are stopped one after the other under load', (openScene, isSqlite) => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await openScene();
  });
  afterEach(() => scene.close());

  const names = isSqlite ? ['one', 'two'] : ['one', 'two', 'three'];
  it(`${names.length} of them, and started again: nothing is lost, and nothing done twice`, async () => {
    const hosts = new Map<string, HostProcess>();
    const start = async (name: string): Promise<unknown> =>
      hosts.set(name, await scene.start(name, ENDS_BY_ITSELF));
    for (const name of names) await start(name);
    // The one that is being stopped too: it refuses, and what it refuses goes to another.
    const sender = new Sender(() => [...hosts.values()].filter(({ isRunning }) => isRunning), 5);
    sender.start();
    for (const name of names) {
      const before = sender.accepted.size;
      await until('some events are accepted', () => sender.accepted.size > before + 100, 20_000);
      expect(await hosts.get(name)?.stop()).toEqual({ code: 0, signal: null });
      await start(name);
    }
    await sender.stop();
    const ledger = await balance(scene.database, sender.eventIds, scene.receiver);
    expect(ledger).toMatchObject({ ...WHOLE, repeated: 0 });
    for (const { log } of scene.hosts) expect(log).not.toMatch(/took over|late result|lease was lost/);
  }, 120_000);
});
