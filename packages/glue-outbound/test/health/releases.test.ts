import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { send, type DeliverySummary } from '../../src/index.js';
import { readHolds } from '../../src/store/holds.js';
import { openFixture, type Fixture, type FixtureOptions } from '../support/outbound-fixture.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase, type TestDatabase } from '../support/test-database.js';

/** Three at once, then one every half a second; a twentieth of a second's wait in the tests is a look too early. */
const RELEASE = { perSecond: 2, burst: 3 };

onEachDatabase('deliveries that were held', (openDatabase) => {
  let place: TestDatabase;
  let sink: Sink;
  let host: Fixture;
  let others: Fixture[];
  let lane: number;
  /** Kept, since a backend that is disabled is not found. */
  let instance: ReturnType<Fixture['instance']>;

  beforeEach(async () => {
    sink = await openSink();
    place = await openDatabase();
    others = [];
    host = await openFixture(place, { allowHosts: ['127.0.0.1'] });
    instance = host.instance();
  });
  afterEach(async () => {
    for (const other of others) await other.close();
    await host.close();
    await sink.close();
  });

  const code = () => `fake-${host.backend.id}-out`;

  async function addEndpoint(config: object = {}, fields: object = {}): Promise<void> {
    lane = await host.addEndpoint('out', { baseUrl: sink.url, release: RELEASE, ...config }, fields);
  }

  async function openOther(options: FixtureOptions = {}): Promise<Fixture> {
    const shared = { database: place.database, close: () => Promise.resolve() };
    const other = await openFixture(shared, {
      ...{ allowHosts: ['127.0.0.1'], backend: host.backend, hostName: `other-${others.length}` },
      ...options,
    });
    // Each fixture has a clock of its own; hosts share the time.
    other.clock.advance(host.clock.now() - other.clock.now());
    others.push(other);
    return other;
  }

  async function queue(count: number, orderingKey?: string): Promise<string[]> {
    const endpoint = await instance.outboundEndpoint({ codeSuffix: 'out' });
    const ids: string[] = [];
    for (let n = 0; n < count; n += 1) {
      const key = orderingKey === undefined ? {} : { orderingKey };
      ids.push((await endpoint.queueDelivery({ payload: { n }, ...key })).id);
    }
    await settled();
    return ids;
  }

  const hosts = () => [host, ...others];

  /** What is begun at once is through after a few looks at the database. */
  async function settled(): Promise<void> {
    for (let turn = 0; turn < 15; turn += 1) {
      await place.database.raw('SELECT 1');
      await Promise.all(hosts().map(({ outbound }) => outbound.queue.idle()));
    }
  }

  async function pass(ms: number): Promise<void> {
    for (const { clock } of hosts()) clock.advance(ms);
    await settled();
  }

  async function toState(state: 'active' | 'paused' | 'disabled'): Promise<void> {
    await host.outbound.endpoints.setState(code(), state, 'ann');
    for (const { changeFeed } of hosts()) await changeFeed.look();
    await settled();
  }

  const statesOf = async (ids: readonly string[]): Promise<DeliverySummary['state'][]> =>
    Promise.all(ids.map(async (id) => (await host.outbound.deliveries.get(id)).state));
  const holdOf = async () => (await readHolds(place.database)).get(lane);

  it.each(['paused', 'disabled'] as const)(
    'by an endpoint that was %s go out at a limited rate when it is active again',
    async (state) => {
      await addEndpoint();
      await toState(state);
      const ids = await queue(8);
      expect(await statesOf(ids)).toEqual(Array(8).fill('held'));
      expect(sink.received).toHaveLength(0);

      await toState('active');
      expect(sink.received).toHaveLength(3);
      await pass(450);
      expect(sink.received).toHaveLength(3);
      await pass(50);
      expect(sink.received).toHaveLength(4);
      await pass(500);
      await pass(500);
      expect(sink.received).toHaveLength(6);
      expect(await holdOf()).toMatchObject({ release: { round: 0, backlog: 8 } });
      await pass(500);
      await pass(500);
      await pass(5_000);
      expect(await statesOf(ids)).toEqual(Array(8).fill('done'));
      await until(async () => !(await holdOf()));
      await settled();
      // It is over: nothing is limited any more.
      await queue(9);
      expect(sink.received).toHaveLength(17);
    },
  );

  it('go out at a limited rate when their backend works again', async () => {
    await addEndpoint();
    await host.backends.update(host.backend, { active: false }, 'ann');
    await host.registry.refresh();
    await host.changeFeed.look();
    await queue(5);
    expect(sink.received).toHaveLength(0);
    await host.backends.update(host.backend, { active: true }, 'ann');
    await host.registry.refresh();
    await host.changeFeed.look();
    await settled();
    expect(sink.received).toHaveLength(3);
    await pass(500);
    expect(sink.received).toHaveLength(4);
  });

  it('go at once where they are no more than may go at once, and nothing is noted of it', async () => {
    await addEndpoint();
    await toState('paused');
    expect(await holdOf()).toMatchObject({ endpointId: lane });
    await queue(3);
    await toState('active');
    expect(sink.received).toHaveLength(3);
    expect(await holdOf()).toBeUndefined();
  });

  it('are not overtaken: fresh ones come after them, by twice the rate, until nothing waits', async () => {
    await addEndpoint({ concurrency: 1 });
    await toState('paused');
    await queue(5);
    await toState('active');
    await pass(1);
    const fresh = await queue(20);
    expect(sink.received).toHaveLength(3);
    await pass(499);
    await pass(500);
    expect(sink.received.map(({ body }) => body)).toEqual([0, 1, 2, 3, 4].map((n) => JSON.stringify({ n })));
    for (let half = 0; half < 8; half += 1) await pass(500);
    // The second round: six at once, then four a second.
    await until(async () => (await holdOf())?.release?.round === 1);
    await settled();
    const before = sink.received.length;
    await pass(250);
    expect(sink.received).toHaveLength(before + 1);
    await pass(250);
    expect(sink.received).toHaveLength(before + 2);
    for (let quarter = 0; quarter < 40; quarter += 1) await pass(250);
    expect(await statesOf(fresh)).toEqual(Array(20).fill('done'));
    await until(async () => !(await holdOf()));
  });

  it('of one ordering key keep their order, and one that is stuck does not prolong the release', async () => {
    await addEndpoint({ deadLetterBlocks: true, retryPolicy: { delays: [] } });
    sink.answer = (response, { body }) =>
      response.writeHead(body === JSON.stringify({ n: 0 }) ? 500 : 200).end();
    await queue(1, 'stuck');
    await toState('paused');
    const stuck = await queue(2, 'stuck');
    const others = await queue(6);
    await toState('active');
    for (let half = 0; half < 4; half += 1) await pass(500);
    await pass(5_000);
    await until(async () => !(await holdOf()));
    expect(await statesOf(stuck)).toEqual(['queued', 'queued']);
    expect((await statesOf(others)).slice(1)).toEqual(Array(5).fill('done'));
  });

  it('that begin to go out are held again when the endpoint is, and released anew', async () => {
    await addEndpoint();
    await toState('paused');
    await queue(12);
    await toState('active');
    await pass(500);
    expect(sink.received).toHaveLength(4);
    await toState('paused');
    await pass(60_000);
    expect(sink.received).toHaveLength(4);
    const begun = (await holdOf())?.release?.startedAt ?? Infinity;
    await toState('active');
    expect(sink.received).toHaveLength(7);
    expect((await holdOf())?.release).toMatchObject({ round: 0, backlog: 8 });
    expect((await holdOf())?.release?.startedAt).toBeGreaterThan(begun);
  });

  it("end to be limited also where the database's clock is set back meanwhile", async () => {
    await addEndpoint();
    await toState('paused');
    await queue(20);
    await toState('active');
    await place.database('glue_outbound_holds').increment('released_at', 600_000);
    await openOther();
    await host.outbound.stop(0);
    // Some wait still when it is looked again, but no more than may go at once by twice the rate.
    for (let half = 0; half < 10; half += 1) await pass(500);
    await until(async () => !(await holdOf()));
    await settled();
    expect(sink.received).toHaveLength(20);
  });

  it('go on at the limited rate on a host that starts in the middle of their release', async () => {
    await addEndpoint();
    await toState('paused');
    await queue(30);
    await toState('active');
    await host.outbound.stop(0);
    expect(sink.received).toHaveLength(3);
    const other = await openOther();
    await settled();
    expect(sink.received).toHaveLength(6);
    await pass(500);
    expect(sink.received).toHaveLength(7);
    expect(other.outbound.health.limit(await endpointOn(other), 0)).toBe(0);
  });

  it('go out at a limited rate also where no host ran when their endpoint began to work', async () => {
    await addEndpoint();
    await toState('paused');
    await queue(8);
    await host.outbound.stop(0);
    await host.outbound.endpoints.setState(code(), 'active', 'ann');
    await openOther();
    await settled();
    expect(sink.received).toHaveLength(3);
    await pass(500);
    expect(sink.received).toHaveLength(4);
  });

  it('are limited on each of two hosts, which begin one release between them', async () => {
    await addEndpoint();
    await openOther();
    await toState('paused');
    await queue(20);
    await toState('active');
    expect(sink.received).toHaveLength(6);
    await pass(500);
    expect(sink.received).toHaveLength(8);
    for (let half = 0; half < 6; half += 1) await pass(500);
    await pass(5_000);
    for (const each of hosts()) {
      const endpoint = await endpointOn(each);
      await until(async () => each.outbound.health.limit(endpoint, 0) === 10 && !(await holdOf()));
    }
    await queue(7);
    expect(sink.received).toHaveLength(27);
  });

  it('on one host alone, since it lacks their handler, slow nobody who has it', async () => {
    const handlers = new Map([['fake:handler', { handleDelivery: () => send() }]]);
    await addEndpoint({}, { handler: 'fake:handler' });
    const able = await openOther({ handlers });
    expect(await holdOf()).toBeUndefined();
    await host.addEndpoint('another');
    await able.changeFeed.look();
    expect(await holdOf()).toMatchObject({ endpointId: lane });
    const endpoint = await able.instance().outboundEndpoint({ codeSuffix: 'out' });
    for (let n = 0; n < 6; n += 1) await endpoint.queueDelivery({});
    await settled();
    expect(sink.received).toHaveLength(6);
  });

  async function endpointOn({ outbound }: Fixture) {
    const [endpoint] = await outbound.endpoints.openAll(() => {});
    if (!endpoint) throw new Error('there is none');
    return endpoint;
  }
});

/** What a timer has begun is through after some looks at the database; so many mean that it never is so. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let looks = 0; looks < 500; looks += 1) if (await isSo()) return;
  throw new Error('it never was so');
}
