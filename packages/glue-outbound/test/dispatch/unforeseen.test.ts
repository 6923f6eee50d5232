import { expect, it, jest } from '@jest/globals';
import { openMeans } from '../../src/endpoint/open-endpoint.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import { EndpointDirectory } from '../../src/endpoint/endpoint-directory.js';
import { openFixture, API_KEY } from '../support/outbound-fixture.js';
import { openSink } from '../support/sink.js';
import { openSqlite } from '../support/test-database.js';

it('what nobody foresaw is our fault: it uses up no retry, is logged without secrets, and leaves no probe open', async () => {
  const sink = await openSink();
  const fixture = await openFixture(await openSqlite(), { allowHosts: ['127.0.0.1'] });
  const config = { baseUrl: sink.url, breaker: { failures: 1, pause: '10s' } };
  const lane = await fixture.addEndpoint('out', config);
  const means = openMeans(outboundEndpointConfigSchema.parse(config), {}, undefined);
  if ('problems' in means) throw new Error(means.problems.join());
  let isBroken = false;
  const signer = {
    ...means.signer,
    sign: (...moment: Parameters<typeof means.signer.sign>) => {
      if (isBroken) throw new Error(`no use for ${API_KEY}`);
      return means.signer.sign(...moment);
    },
  };
  jest.spyOn(EndpointDirectory.prototype, 'meansOf').mockReturnValue({ ...means, signer });
  sink.answer = (response) => response.writeHead(500).end();
  const endpoint = await fixture.instance().outboundEndpoint();
  const { id } = await endpoint.queueDelivery({ payload: 1 });
  await fixture.outbound.queue.idle();
  const breakerOf = () => fixture.outbound.health.conditionOf(lane).breaker;
  expect(breakerOf().state).toBe('open');

  isBroken = true;
  await fixture.wakeAfter(10_000, lane);
  // Another may probe at once.
  expect(breakerOf()).toMatchObject({ state: 'open', untilMs: fixture.clock.monotonic() });
  const [, attempt] = await fixture.outbound.deliveries.attempts(id);
  expect(attempt).toMatchObject({
    ...{ outcome: 'failed', cause: 'internal', note: 'no use for [redacted]' },
    error: expect.stringContaining('no use for [redacted]'),
  });
  expect(JSON.stringify(await fixture.database('glue_delivery_attempts'))).not.toContain(API_KEY);
  expect(await fixture.database('glue_deliveries').where({ id }).first()).toMatchObject({ failures: 1 });

  isBroken = false;
  sink.answer = (response) => response.end();
  await fixture.wakeAfter(5_000, lane);
  expect(await fixture.outbound.deliveries.get(id)).toMatchObject({ state: 'done' });
  jest.restoreAllMocks();
  await fixture.close();
  await sink.close();
});
