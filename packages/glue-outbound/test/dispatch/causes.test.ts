import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { DeliveryCause } from '../../src/dispatch/classify.js';
import { FakeBackend, openFixture, type Fixture } from '../support/outbound-fixture.js';
import { openRawReceiver, type RawReceiver } from '../support/raw-receiver.js';
import { openSqlite } from '../support/test-database.js';

/** Hooks that fail where an endpoint's suffix says so. */
class FailingBackend extends FakeBackend {
  static override readonly type = 'fake';

  override checkDispatchAllowed({ endpoint }: { endpoint: { suffix: string } }): undefined {
    if (endpoint.suffix === 'gate') throw new Error('the gate is broken');
  }

  override handleDelivery({ endpoint }: { endpoint: { suffix: string } }) {
    if (endpoint.suffix === 'handler') throw new Error('the handler is broken');
    return { kind: 'send' as const };
  }
}

/** How a cause comes about: what the receiver answers, or where the endpoint leads. */
interface Way {
  readonly answer?: string;
  readonly config?: (receiver: RawReceiver) => object;
  readonly becomes: 'retrying' | 'dead_letter';
}

const status = (line: string) => `HTTP/1.1 ${line}\r\ncontent-length: 0\r\n\r\n`;

/** Every cause there is: the compiler asks for one that is missing. */
const ways: Readonly<Record<Exclude<DeliveryCause, 'internal'>, Way>> = {
  dns: { config: () => ({ baseUrl: 'http://nowhere.invalid' }), becomes: 'retrying' },
  // A port that was just closed.
  connect: { config: () => ({ baseUrl: `http://127.0.0.1:${closedPort}` }), becomes: 'retrying' },
  tls: {
    config: ({ port }) => ({ baseUrl: `https://127.0.0.1:${port}` }),
    becomes: 'retrying',
  },
  timeout: { config: () => ({ timeoutMs: 1_000 }), answer: 'HTTP/1.1 200', becomes: 'retrying' },
  reset: { becomes: 'retrying' },
  blocked_address: { config: () => ({ baseUrl: 'http://169.254.169.254' }), becomes: 'retrying' },
  protocol: { answer: status('301 Moved'), becomes: 'dead_letter' },
  too_large: { answer: `HTTP/1.1 200 OK\r\nx-a: ${'a'.repeat(100_000)}\r\n\r\n`, becomes: 'retrying' },
  http_4xx: { answer: status('404 Not Found'), becomes: 'dead_letter' },
  http_5xx: { answer: status('500 Internal'), becomes: 'retrying' },
  throttled: { answer: status('429 Slow Down'), becomes: 'retrying' },
  gone: { answer: status('410 Gone'), becomes: 'dead_letter' },
  rendering: { config: () => ({ path: '/{missing}' }), becomes: 'dead_letter' },
  gate: { becomes: 'retrying' },
  handler: { becomes: 'retrying' },
};

let closedPort = 0;

describe('the cause of an attempt that did not succeed', () => {
  let fixture: Fixture;
  let receiver: RawReceiver | undefined;

  beforeAll(async () => {
    const closed = await openRawReceiver({});
    closedPort = closed.port;
    await closed.close();
    fixture = await openFixture(await openSqlite(), {
      backendClass: FailingBackend,
      allowHosts: ['127.0.0.1'],
    });
  });
  afterEach(() => receiver?.close());
  afterAll(() => fixture.close());

  it.each(Object.entries(ways))('can be %s', async (cause, { answer, config, becomes }) => {
    receiver = await openRawReceiver({
      accept: (socket) => {
        if (cause === 'tls') socket.once('data', () => socket.end('not TLS'));
      },
      answer: (socket) => {
        if (answer === undefined) socket.resetAndDestroy();
        else socket.write(answer, () => cause === 'timeout' && fixture.clock.advance(1_000));
      },
    });
    const suffix = cause.replace('_', '-');
    const baseUrl = `http://127.0.0.1:${receiver.port}`;
    await fixture.addEndpoint(suffix, { baseUrl, ...config?.(receiver) });
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: suffix });
    const { id } = await endpoint.queueDelivery({ payload: 1 });
    await fixture.outbound.queue.idle();

    const attempts = await fixture.outbound.deliveries.attempts(id);
    expect(attempts.map((attempt) => attempt.cause)).toEqual([cause]);
    expect(await fixture.outbound.deliveries.get(id)).toMatchObject({ state: becomes });
    expect(await failuresOf(id)).toBe(1);
  });

  it('can be internal: a fault of ours, such as a stop in between, uses up no retry', async () => {
    receiver = await openRawReceiver({
      answer: () => {
        void fixture.outbound.stop(1_000);
        fixture.clock.advance(1_000);
      },
    });
    await fixture.addEndpoint('internal', { baseUrl: `http://127.0.0.1:${receiver.port}` });
    const endpoint = await fixture.instance().outboundEndpoint({ codeSuffix: 'internal' });
    const { id } = await endpoint.queueDelivery({ payload: 1 });
    await fixture.outbound.queue.idle();
    expect(await fixture.outbound.deliveries.attempts(id)).toMatchObject([{ cause: 'internal' }]);
    expect(await fixture.outbound.deliveries.get(id)).toMatchObject({ state: 'retrying' });
    expect(await failuresOf(id)).toBe(0);
  });

  async function failuresOf(id: string): Promise<number | undefined> {
    const row = await fixture
      .database<{ id: string; failures: number }>('glue_deliveries')
      .where({ id })
      .first();
    return row?.failures;
  }
});
