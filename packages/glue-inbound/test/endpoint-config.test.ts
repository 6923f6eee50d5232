import { describe, expect, it } from '@jest/globals';
import { problemsOf } from 'glue-core';
import { inboundEndpointConfigSchema } from '../src/endpoint/endpoint-config.js';

function problems(config: unknown): string[] {
  const { error } = inboundEndpointConfigSchema.safeParse(config);
  return error ? problemsOf(error, 'config') : [];
}

describe('the configuration of an inbound endpoint', () => {
  it('says only how it is proven who called; the rest has defaults', () => {
    const config = inboundEndpointConfigSchema.parse({ verification: { mode: 'none' } });
    expect(config).toMatchObject({
      semantics: {},
      identity: { delivery: 'body_sha256', replay: 'none' },
      handlers: {},
      payload: 'json',
      redactHeaders: [],
      concurrency: 50,
      rearmDuplicates: true,
    });
    expect(inboundEndpointConfigSchema.parse(JSON.parse(JSON.stringify(config)))).toEqual(config);
  });

  it.each([
    [{ mode: 'hmac', preset: 'stripe', secrets: [] }, { header: 'x-time' }, true],
    [{ mode: 'hmac', preset: 'stripe', secrets: [] }, { header: 'stripe-signature', part: 't' }, false],
    [{ mode: 'hmac', preset: 'slack', secrets: [] }, { header: 'X-Slack-Request-Timestamp' }, false],
    [{ mode: 'standard-webhooks', secrets: [] }, { header: 'x-time' }, true],
    [{ mode: 'standard-webhooks', secrets: [] }, { header: 'webhook-timestamp' }, false],
    [{ mode: 'bearer', secrets: [] }, { header: 'x-time' }, false],
    [{ mode: 'none' }, { header: 'x-time' }, false],
  ])(
    'judges freshness of %j by %j: refused, since it is not signed: %s',
    (verification, timestamp, isRefused) => {
      expect(problems({ verification, freshness: { timestamp } })).toEqual(
        isRefused
          ? [
              'config.freshness.timestamp: is not signed: name it in verification.message too, or leave it out',
            ]
          : [],
      );
    },
  );

  it('tells all problems at once, also what only together is wrong', () => {
    expect(
      problems({
        identity: { delivery: 'delivery_id', replay: 'event_id' },
        semantics: { event_id: [{ json: 'id' }] },
        handlers: { paid: 'shop:paid' },
        redactHeaders: ['no name'],
        unknown: 1,
      }),
    ).toEqual([
      'config.verification: Invalid input: expected object, received undefined',
      'config.redactHeaders.0: no header name',
      'config: Unrecognized key: "unknown"',
      'config.identity.delivery: needs semantics.delivery_id: say where it comes from',
      'config.handlers: needs semantics.handler_selector: say where it comes from',
    ]);
  });

  it('says nothing of what belongs together while a part of it is wrong by itself', () => {
    const verification = { mode: 'none' };
    expect(problems({ verification, identity: { replay: 'event_id' }, semantics: { event_id: [] } })).toEqual(
      [expect.stringMatching(/^config\.semantics\.event_id: /)],
    );
    expect(problems('text')).toEqual(['config: Invalid input: expected object, received string']);
    expect(problems(null)).toHaveLength(1);
  });
});
