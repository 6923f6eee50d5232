import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Scene } from './support/scene.js';
import { Sender } from './support/sender.js';
import { until } from './support/until.js';

describe('an event that ends its host, each time', () => {
  let scene: Scene;

  beforeEach(async () => {
    scene = await Scene.open();
  });
  afterEach(() => scene.close());

  it('is given up, and takes nothing with it that was under way beside it', async () => {
    const sender = new Sender(() => scene.running, 20);
    const poison = new Sender(() => scene.running);
    const stateOfPoison = async (): Promise<string | undefined> =>
      (await scene.database('glue_events').where({ delivery_key: 'poison' }).first('state'))?.state;

    await scene.start('one');
    sender.start(4);
    await until('the load is on', () => sender.accepted.size > 50, 10_000);
    await poison.send({ id: 'poison', endsProcess: true });
    await until('the host has ended', () => scene.running.length === 0, 10_000);
    // As a supervisor does; some end before they say that they run.
    let starts = 0;
    for (let isGivenUp = false; !isGivenUp && starts < 15; starts += 1) {
      const host = scene.launch('one');
      await until(
        'the host has ended, or the event is given up',
        async () => host.hasEnded || (isGivenUp = (await stateOfPoison()) === 'dead_letter'),
        30_000,
      );
    }
    await sender.stop();
    const open = () =>
      scene.database('glue_events').whereNotIn('state', ['done', 'dead_letter']).select('id');
    const missing = () => [...sender.accepted].filter((id) => !scene.receiver.accepted.has(id));
    await until(
      'all else is done and delivered',
      async () => (await open()).length === 0 && missing().length === 0,
      20_000,
    );

    expect(starts).toBe(10);
    expect(await scene.database('glue_events').where({ state: 'dead_letter' }).pluck('delivery_key')).toEqual(
      ['poison'],
    );
  }, 150_000);
});
