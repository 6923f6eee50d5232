import { describe, expect, it } from '@jest/globals';
import { outboundEndpointConfigSchema } from '../../src/index.js';
import { judge, type Judgement } from '../../src/health/judgement.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const SINCE = Date.UTC(2026, 0, 1);

describe('an endpoint of which only failures are heard', () => {
  const judged = (lastsMs: number, exhausted: number, autoDisable: object = {}): Judgement =>
    judge(
      { failingSince: SINCE, failedAt: SINCE + lastsMs, exhausted },
      outboundEndpointConfigSchema.parse({ autoDisable }),
    );

  it.each<[string, number, number, object, Judgement]>([
    ['less than half of 5 days', 2.5 * DAY - 1, 99, {}, { warning: 0, disables: false }],
    ['half of them: the first warning', 2.5 * DAY, 0, {}, { warning: 1, disables: false }],
    ['80 % of them: the second', 4 * DAY, 99, {}, { warning: 2, disables: false }],
    ['a moment less than all of them', 5 * DAY - 1, 20, {}, { warning: 2, disables: false }],
    ['all of them, but few deliveries exhausted', 9 * DAY, 19, {}, { warning: 2, disables: false }],
    ['all of them, and enough exhausted', 5 * DAY, 20, {}, { warning: 2, disables: true }],
    ['a time of its own', HOUR, 3, { after: '1h', exhausted: 3 }, { warning: 2, disables: true }],
    ['never, where it is switched off', 99 * DAY, 999, { after: 0 }, { warning: 0, disables: false }],
  ])('for %s', (_, lastsMs, exhausted, autoDisable, expected) => {
    expect(judged(lastsMs, exhausted, autoDisable)).toEqual(expected);
  });

  it('is not condemned while nothing is heard', () => {
    const config = outboundEndpointConfigSchema.parse({});
    expect(judge({ exhausted: 0 }, config)).toEqual({ warning: 0, disables: false });
    expect(judge({ succeededAt: SINCE, failedAt: SINCE - 1, exhausted: 0 }, config).disables).toBe(false);
    // Thirty failed in one hour, and nothing was sent since.
    expect(judge({ failingSince: SINCE, failedAt: SINCE + HOUR, exhausted: 30 }, config).warning).toBe(0);
  });
});
