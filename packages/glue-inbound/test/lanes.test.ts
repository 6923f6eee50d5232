import { afterEach, describe, expect, it } from '@jest/globals';
import { deadLetter, done, retry } from 'glue-core';
import type { InboundOutcome } from '../src/process/inbound-event.js';
import {
  openConfig,
  post,
  startInbound,
  until,
  type ConfigInput,
  type Fixture,
} from './support/inbound-fixture.js';

interface Running {
  readonly id: number;
  finish(outcome: InboundOutcome): void;
}

describe('the events of an endpoint', () => {
  let host: Fixture;
  let running: Running[];
  afterEach(() => host.stop());

  async function start(configs: Readonly<Record<string, Partial<ConfigInput>>>): Promise<void> {
    running = [];
    const handler = {
      handleInboundEvent: ({ body }: { body: unknown }) =>
        new Promise<InboundOutcome>((finish) => running.push({ id: (body as { id: number }).id, finish })),
    };
    host = await startInbound({ handlers: { 'shop:own': handler } });
    for (const [path, config] of Object.entries(configs))
      await host.addEndpoint({ path, config: { ...openConfig, ...config }, handler: 'shop:own' });
  }
  async function send(path: string, id: number, key = 'a'): Promise<void> {
    const { status } = await post(`${host.url}/webhooks/in/${path}`, JSON.stringify({ id, key }));
    expect(status).toBe(202);
  }
  const ids = () => running.map(({ id }) => id);
  async function finish(id: number, outcome: InboundOutcome = done()): Promise<void> {
    running.find((each) => each.id === id)?.finish(outcome);
    running = running.filter((each) => each.id !== id);
    await until(
      async () => (await host.database('glue_events').whereNotNull('owner')).length === running.length,
    );
  }

  it('are processed as many at once as it says, and none waits for another endpoint', async () => {
    await start({ slow: { concurrency: 2 }, other: {} });
    for (const id of [1, 2, 3, 4]) await send('slow', id);
    await send('other', 5);
    await until(() => running.length === 3);
    expect(ids().sort()).toEqual([1, 2, 5]);
    await finish(1);
    await until(() => running.length === 3);
    expect(ids().sort()).toEqual([2, 3, 5]);
    for (const id of [2, 3, 5]) await finish(id);
    await until(() => running.length === 1);
    await finish(4);
    expect(await host.inbound.events.countByState()).toEqual({ done: 5 });
  });

  const ordered = { orderingKey: [{ json: 'key' }], retryPolicy: { delays: ['5s'], jitter: 0 } };

  it('of one ordering key are processed one at a time and in order, also past a retry', async () => {
    await start({ shop: ordered });
    for (const id of [1, 2]) await send('shop', id);
    await send('shop', 3, 'b');
    await until(() => running.length === 2);
    expect(ids().sort()).toEqual([1, 3]);
    await finish(3);
    await finish(1, retry({ seconds: 5 }));
    await host.inbound.queue.idle();
    expect(ids()).toEqual([]);
    host.clock.advance(5_000);
    host.inbound.queue.wake(1);
    await until(() => running.length === 1);
    expect(ids()).toEqual([1]);
    await finish(1);
    await until(() => running.length === 1);
    expect(ids()).toEqual([2]);
    await finish(2);
  });

  it.each([
    ['go on past a dead letter', false, [2]],
    ['wait behind a dead letter where it says so', true, []],
  ])('of one ordering key %s', async (_name, deadLetterBlocks, expected) => {
    await start({ shop: { ...ordered, deadLetterBlocks } });
    for (const id of [1, 2]) await send('shop', id);
    await until(() => running.length === 1);
    await finish(1, deadLetter('no use'));
    if (expected.length > 0) await until(() => running.length === expected.length);
    else await host.inbound.queue.idle();
    expect(ids()).toEqual(expected);
    for (const id of expected) await finish(id);
  });
});
