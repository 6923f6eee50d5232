import type { Socket } from 'node:net';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openFixture, type Fixture } from '../support/outbound-fixture.js';
import { openRawReceiver, type RawReceiver } from '../support/raw-receiver.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

onEachDatabase('a dead receiver beside others', (openDatabase) => {
  let fixture: Fixture;
  let sink: Sink;
  let dead: RawReceiver;
  const waiting = new Set<Socket>();

  beforeEach(async () => {
    fixture = await openFixture(await openDatabase(), { allowHosts: ['127.0.0.1'] });
    sink = await openSink();
    // Takes requests, and answers none.
    dead = await openRawReceiver({ answer: (socket) => void waiting.add(socket) });
  });
  afterEach(async () => {
    await dead.close();
    await fixture.close();
    await sink.close();
    waiting.clear();
  });

  async function queue(codeSuffix: string, amount: number): Promise<void> {
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix });
    for (let n = 0; n < amount; n += 1) await endpoint.queueDelivery({ payload: n });
  }

  const countOf = async (lane: number, state: string): Promise<number> => {
    const [row] = await fixture
      .database('glue_deliveries')
      .where({ endpoint_id: lane, state })
      .count<{ n: number }[]>({ n: '*' });
    return Number(row?.n);
  };

  it('has its places and no more; the deliveries of the others all arrive meanwhile', async () => {
    const lane = await fixture.addEndpoint('dead', {
      baseUrl: `http://127.0.0.1:${dead.port}`,
      concurrency: 10,
    });
    const others = [];
    for (const suffix of ['a', 'b', 'c'])
      others.push(await fixture.addEndpoint(suffix, { baseUrl: sink.url, concurrency: 10 }));
    await queue('dead', 100);
    await until(() => waiting.size === 10);

    for (const suffix of ['a', 'b', 'c']) await queue(suffix, 40);
    for (const each of others) await until(async () => (await countOf(each, 'done')) === 40);
    expect(sink.received).toHaveLength(120);
    // The clock stood still: nothing of the dead one has ended, so none of this waited for it.
    expect(waiting.size).toBe(10);
    expect(await countOf(lane, 'processing')).toBe(10);
    expect(await countOf(lane, 'queued')).toBe(90);
  });
});

/** Ends, or the test does not. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 5));
}
