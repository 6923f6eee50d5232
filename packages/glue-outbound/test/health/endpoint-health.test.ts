import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { openFixture, type Fixture, type FixtureOptions } from '../support/outbound-fixture.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase } from '../support/test-database.js';

onEachDatabase('the health of a receiver', (openDatabase) => {
  let sink: Sink;
  let fixture: Fixture;
  let lane: number;

  beforeEach(async () => {
    sink = await openSink();
  });
  afterEach(async () => {
    await fixture.close();
    await sink.close();
  });

  async function open(config: object, options: FixtureOptions = {}, fields: object = {}): Promise<void> {
    fixture = await openFixture(await openDatabase(), { allowHosts: ['127.0.0.1'], ...options });
    lane = await fixture.addEndpoint('out', { baseUrl: sink.url, ...config }, fields);
  }

  /** Queues so many and waits until nothing runs. @returns their ids */
  async function queue(count: number): Promise<string[]> {
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'out' });
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) ids.push((await endpoint.queueDelivery({ payload: { n } })).id);
    await fixture.outbound.queue.idle();
    return ids;
  }

  /** Turns the clock, without a poke. */
  async function pass(ms: number): Promise<void> {
    fixture.clock.advance(ms);
    await fixture.outbound.queue.idle();
  }

  const tried = async (ids: readonly string[]) =>
    (await Promise.all(ids.map((id) => fixture.outbound.deliveries.get(id)))).filter(
      ({ attempts }) => attempts > 0,
    ).length;

  it('is spared by a rate: what is too much is not claimed, and goes as soon as it may', async () => {
    await open({ rate: { perSecond: 2, burst: 3 } });
    const ids = await queue(6);
    expect(sink.received).toHaveLength(3);
    expect(await tried(ids)).toBe(3);
    await pass(499);
    expect(sink.received).toHaveLength(3);
    await pass(1);
    expect(sink.received).toHaveLength(4);
    await pass(500);
    await pass(500);
    expect(sink.received).toHaveLength(6);
    // A full bucket again, and no fuller.
    await pass(60_000);
    await queue(5);
    expect(sink.received).toHaveLength(9);
  });

  it('that asks for time gets it from every delivery, and then half as many at once', async () => {
    await open({ concurrency: 4 });
    const waiting: (() => void)[] = [];
    sink.answer = (response) => response.writeHead(429, { 'retry-after': '30' }).end();
    const [first = ''] = await queue(1);
    sink.answer = (response) => void waiting.push(() => response.end());
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'out' });
    const later = await Promise.all([1, 2, 3, 4].map(() => endpoint.queueDelivery({})));
    await pass(29_999);
    expect(await tried(later.map(({ id }) => id))).toBe(0);

    fixture.clock.advance(1);
    await until(() => waiting.length === 2);
    expect(sink.received).toHaveLength(3);
    sink.answer = (response) => response.end();
    for (const answer of waiting) answer();
    await fixture.outbound.queue.idle();
    expect(sink.received).toHaveLength(6);
    expect(await fixture.outbound.deliveries.get(first)).toMatchObject({ state: 'done', attempts: 2 });
  });

  it('that fails is left alone: deliveries wait without using up retries, one probes, and all go when it works', async () => {
    const retryPolicy = { delays: Array<string>(9).fill('5s'), jitter: 0 };
    const breaker = { failures: 3, pause: '10s', longestPause: '15s' };
    await open({ concurrency: 1, retryPolicy, breaker });
    sink.answer = (response) => response.writeHead(500).end();
    const ids = await queue(6);
    expect(sink.received).toHaveLength(3);
    await pass(9_999);
    expect(sink.received).toHaveLength(3);
    await pass(1);
    expect(sink.received).toHaveLength(4);
    await pass(14_999);
    expect(sink.received).toHaveLength(4);
    const used = await Promise.all(ids.map((id) => fixture.outbound.deliveries.get(id)));
    expect(used.map(({ attempts }) => attempts).reduce((sum, attempts) => sum + attempts)).toBe(4);
    sink.answer = (response) => response.end();
    await pass(1);
    await fixture.wakeAfter(0, lane);
    const states = await Promise.all(ids.map((id) => fixture.outbound.deliveries.get(id)));
    expect(states.map(({ state }) => state)).toEqual(Array(6).fill('done'));
    expect(fixture.outbound.health.conditionOf(lane).breaker).toEqual({ state: 'closed', failures: 0 });
  });

  it('is not blamed for our own faults: no retry is used up, and they are no hot loop', async () => {
    await open({
      ...{ concurrency: 1, retryPolicy: { delays: [] }, breaker: { failures: 1 } },
      signing: { mode: 'standard-webhooks' },
    });
    // No secret counts yet, and nothing goes unsigned.
    const notBefore = fixture.clock.now() + 1_000_000;
    await fixture.outbound.endpoints.secrets.add(`fake-${fixture.backend.id}-out`, { notBefore }, 'test');
    await fixture.changeFeed.look();
    const ids = await queue(8);
    // Five in a row, then the host stops to try.
    expect(await tried(ids)).toBe(5);
    const { breaker, ownBreaker } = fixture.outbound.health.conditionOf(lane);
    expect([breaker.state, ownBreaker.state]).toEqual(['closed', 'open']);
    await fixture.wakeAfter(4_999, lane);
    expect(await tried(ids)).toBe(5);
    await fixture.wakeAfter(1, lane);
    expect(await tried(ids)).toBe(6);
    await fixture.wakeAfter(9_999, lane);
    expect(await tried(ids)).toBe(6);
    const [first] = await fixture.outbound.deliveries.attempts(ids[0] ?? '');
    expect(first).toMatchObject({ cause: 'internal', outcome: 'failed' });
    expect(await fixture.outbound.deliveries.get(ids[0] ?? '')).toMatchObject({ state: 'retrying' });
  });
});

/** What began is seen after a few turns of the loop; so many mean that it never is. */
async function until(isSo: () => boolean): Promise<void> {
  for (let turns = 0; turns < 10_000; turns += 1) {
    if (isSo()) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error('it never was so');
}
