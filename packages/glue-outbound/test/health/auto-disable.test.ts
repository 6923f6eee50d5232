import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { silentLogger, type Logger } from 'glue-core';
import { openFixture, type Fixture, type FixtureOptions } from '../support/outbound-fixture.js';
import { openSink, type Sink } from '../support/sink.js';
import { onEachDatabase, type TestDatabase } from '../support/test-database.js';

const DAY = 86_400_000;
/** So that one attempt is a dead letter, and the circuit breaker stays out of it. */
const CONFIG = { retryPolicy: { delays: [] }, breaker: { failures: 0 }, autoDisable: { exhausted: 3 } };
const HEARD_MS = 5_000;

onEachDatabase('an endpoint whose receiver only fails', (openDatabase) => {
  let place: TestDatabase;
  let sink: Sink;
  let hosts: Fixture[];
  let lane: number;
  let warnings: { fields: object; message: string }[];

  beforeEach(async () => {
    sink = await openSink((response) => response.writeHead(500).end());
    place = await openDatabase();
    warnings = [];
    hosts = [];
    await openHost();
    lane = await one().addEndpoint('out', { baseUrl: sink.url, ...CONFIG });
  });
  afterEach(async () => {
    for (const host of hosts.reverse()) await host.close();
    await sink.close();
  });

  const one = () => hosts[0] as Fixture;
  const code = () => `fake-${one().backend.id}-out`;
  const view = () => one().outbound.endpoints.getByCode(code());
  const health = async () => (await one().outbound.healthLog.list()).get(lane);

  async function openHost(options: FixtureOptions = {}): Promise<Fixture> {
    const logger: Logger = {
      ...silentLogger,
      warn: (fields, message) => void warnings.push({ fields, message }),
      child: () => logger,
    };
    const [first] = hosts;
    const shared = first ? { database: place.database, close: () => Promise.resolve() } : place;
    const host = await openFixture(shared, {
      ...{ allowHosts: ['127.0.0.1'], logger, hostName: `host-${hosts.length}` },
      ...(first && { backend: first.backend }),
      ...options,
    });
    if (first) host.clock.advance(first.clock.now() - host.clock.now());
    hosts.push(host);
    return host;
  }

  /** One delivery on a host, and what was heard of it written. */
  async function deliver(host = one(), count = 1): Promise<void> {
    const endpoint = await host.instance().outboundEndpoint({ codeSuffix: 'out' });
    for (let n = 0; n < count; n += 1) await endpoint.queueDelivery({});
    await host.outbound.queue.idle();
    await host.outbound.healthLog.flush();
  }

  const pass = (ms: number) => hosts.forEach(({ clock }) => clock.advance(ms));
  /** Both at once, as where a run of the job meets the next one. */
  const check = () =>
    Promise.all(hosts.map(({ outbound }) => outbound.checkHealth(new AbortController().signal)));
  const about = (message: string) => warnings.filter((warning) => warning.message.includes(message));

  it('is warned of twice, each time by one host, and then disabled with a reason', async () => {
    const other = await openHost();
    await deliver();
    await check();
    expect(about('will be disabled')).toEqual([]);

    pass(2.5 * DAY);
    await deliver(other);
    await check();
    await check();
    expect(about('will be disabled').map(({ fields }) => fields)).toEqual([
      {
        ...{ endpoint: code(), exhausted: 2, onlyFailuresSince: '2026-01-01 00:00 UTC' },
        ...{ disabledAt: '2026-01-06 00:00 UTC', butNotBefore: '3 exhausted deliveries' },
      },
    ]);
    expect(await health()).toMatchObject({ warned: 1, exhausted: 2 });

    pass(1.5 * DAY);
    await deliver();
    await check();
    expect(about('will be disabled')).toHaveLength(2);
    expect(await view()).toMatchObject({ state: 'active' });

    pass(DAY);
    await deliver(other);
    await check();
    expect(about('will be disabled')).toHaveLength(2);
    expect(await view()).toMatchObject({
      state: 'disabled',
      reason: 'only failures since 2026-01-01 00:00 UTC, 4 deliveries given up',
    });
    expect(about('was disabled')).toHaveLength(1);
  });

  it('is judged anew once a person activated it again', async () => {
    await deliver(one(), 3);
    pass(5 * DAY);
    await deliver();
    await check();
    expect(await view()).toMatchObject({ state: 'disabled' });
    await one().outbound.endpoints.setState(code(), 'active', 'ann');
    await one().changeFeed.look();
    await deliver(one(), 5);
    await check();
    expect(await view()).toMatchObject({ state: 'active' });
    expect(await health()).toMatchObject({ failingSince: one().clock.now(), warned: 0 });
  });

  it('is forgiven when it was paused and works again, also before any host has seen that', async () => {
    await deliver(one(), 3);
    await one().outbound.endpoints.setState(code(), 'paused', 'ann');
    await one().changeFeed.look();
    pass(5 * DAY);
    // One that was under way.
    one().outbound.healthLog.hear(lane, { kind: 'failed', exhausted: true });
    await check();
    expect(await view()).toMatchObject({ state: 'paused' });
    await one().outbound.endpoints.setState(code(), 'active', 'ann');
    const newcomer = await openHost();
    await check();
    expect(await view()).toMatchObject({ state: 'active' });
    await deliver(newcomer);
    await check();
    expect(await view()).toMatchObject({ state: 'active' });
  });

  it('is well again after one success', async () => {
    await deliver(one(), 3);
    pass(4 * DAY);
    await deliver();
    await check();
    expect(await health()).toMatchObject({ warned: 2 });
    sink.answer = (response) => response.end();
    pass(1);
    await deliver();
    sink.answer = (response) => response.writeHead(500).end();
    pass(2 * DAY);
    await deliver();
    await check();
    expect(await view()).toMatchObject({ state: 'active' });
    expect(await health()).toMatchObject({ warned: 0, exhausted: 1, failingSince: one().clock.now() });
  });

  it('is not condemned for faults of our own', async () => {
    one().outbound.healthLog.hear(lane, { kind: 'ours' });
    one().outbound.healthLog.hear(lane, { kind: 'undecided' });
    await one().outbound.healthLog.flush();
    expect(await health()).toBeUndefined();
  });

  it('is written of every few seconds, not at each attempt, and not forgotten where it cannot be written', async () => {
    const endpoint = await one().instance().outboundEndpoint({ codeSuffix: 'out' });
    for (let n = 0; n < 3; n += 1) await endpoint.queueDelivery({});
    await one().outbound.queue.idle();
    expect(await health()).toBeUndefined();
    await place.database.schema.renameTable('glue_outbound_health', 'away');
    await one().outbound.healthLog.flush();
    await place.database.schema.renameTable('away', 'glue_outbound_health');
    expect(await health()).toBeUndefined();
    pass(HEARD_MS);
    await one().outbound.healthLog.flush();
    expect(await health()).toMatchObject({ exhausted: 3, warned: 0 });
  });
});
