import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { LargeContent } from 'glue-core';
import { loadDeliveries } from '../../src/store/load-deliveries.js';
import { openFixture, type Fixture } from '../support/outbound-fixture.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

onEachDatabase('the reading of stored deliveries', (openDatabase) => {
  let fixture: Fixture;
  let sink: Sink;
  let lane: number;
  beforeEach(async () => {
    sink = await openSink();
    fixture = await openFixture(await openDatabase(), { allowHosts: [`127.0.0.1:${sink.port}`] });
    lane = await fixture.addEndpoint('out', { baseUrl: sink.url });
  });
  afterEach(async () => {
    await fixture.close();
    await sink.close();
  });
  const queue = async (payload: string | undefined, context = {}) => {
    const endpoint = await fixture.instance().outboundEndpoint();
    return (await endpoint.queueDelivery({ ...(payload !== undefined && { payload }), context, draft: true }))
      .id;
  };

  it('leaves out the content of one that is larger than was asked for, and tells its size in bytes', async () => {
    const bodiless = await queue(undefined);
    const small = await queue('x'.repeat(94), { a: 1 });
    const wide = await queue('é'.repeat(94));
    const context = await queue(undefined, { note: 'x'.repeat(200) });
    const some = await loadDeliveries(fixture.database, [bodiless, small, wide, context], 110);
    expect(some.get(bodiless)).toMatchObject({ id: bodiless, context: {} });
    expect(some.get(small)).toMatchObject({ payload: 'x'.repeat(94), context: { a: 1 } });
    expect(some.get(wide)).toEqual(new LargeContent(2 * 94 + 2 + 2));
    expect(some.get(context)).toEqual(new LargeContent(211));
    const all = await loadDeliveries(fixture.database, [wide, context]);
    expect(all.get(wide)).toMatchObject({ payload: 'é'.repeat(94) });
  });

  it('is no matter to receivers: what is large is sent as what is small', async () => {
    const endpoint = await fixture.instance().outboundEndpoint();
    for (const size of [1_000, 200_000, 3_000_000, 200_000])
      await endpoint.queueDelivery({ payload: 'x'.repeat(size) });
    await fixture.wakeAfter(0, lane);
    expect(sink.received.map(({ body }) => body.length).sort((a, b) => a - b)).toEqual([
      1_002, 200_002, 200_002, 3_000_002,
    ]);
  });
});
