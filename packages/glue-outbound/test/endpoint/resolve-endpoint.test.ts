import { describe, expect, it } from '@jest/globals';
import type { EndpointState, OutboundSelector } from 'glue-core';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { OutboundEndpoint } from '../../src/endpoint/endpoint-directory.js';
import { requireEndpoint, resolveEndpoint } from '../../src/endpoint/resolve-endpoint.js';

function endpoint(suffix: string, state: EndpointState = 'active'): OutboundEndpoint {
  return {
    id: 1,
    name: suffix,
    code: `fake-1-${suffix}`,
    suffix,
    state,
    company: 'default',
    config: outboundEndpointConfigSchema.parse({}),
    version: 1,
  };
}

const refunds = endpoint('refunds');
const payouts = endpoint('payouts', 'paused');
const old = endpoint('old', 'archived');

describe('resolving an outbound endpoint', () => {
  it.each<[string, OutboundEndpoint[], OutboundSelector, OutboundEndpoint | undefined]>([
    ['takes the only one when nothing is asked', [refunds], {}, refunds],
    ['ignores archived ones', [old, refunds], {}, refunds],
    ['takes one that is paused, since its deliveries wait', [payouts], {}, payouts],
    ['finds by suffix', [refunds, payouts], { codeSuffix: 'payouts' }, payouts],
    ['finds a suffix in another spelling of the same code', [refunds], { codeSuffix: ' Refunds ' }, refunds],
    ['finds by code', [refunds, payouts], { code: 'fake-1-refunds' }, refunds],
    [
      'lets the suffix win over the code',
      [refunds, payouts],
      { codeSuffix: 'payouts', code: 'fake-1-refunds' },
      payouts,
    ],
    [
      'does not fall back to the code',
      [refunds],
      { codeSuffix: 'payouts', code: 'fake-1-refunds' },
      undefined,
    ],
    ['finds nothing among none', [], {}, undefined],
  ])('%s', (_name, linked, selector, expected) => {
    expect(resolveEndpoint(linked, selector, 'backend fake,1')).toBe(expected);
  });

  it('asks for a selector when several match, naming them', () => {
    expect(() => resolveEndpoint([refunds, payouts], {}, 'backend fake,1')).toThrow(
      expect.objectContaining({
        code: 'GLUE_ENDPOINT_AMBIGUOUS',
        message: expect.stringContaining('fake-1-refunds, fake-1-payouts'),
      }),
    );
  });

  it.each<[OutboundSelector, string]>([
    [{ codeSuffix: 'refund' }, 'with the suffix "refund"'],
    [{ code: 'x' }, 'with the code "x"'],
    [{}, 'backend fake,1 has no outbound endpoint'],
  ])('names what was asked and not found: %j', (selector, words) => {
    expect(() => requireEndpoint([], selector, 'backend fake,1')).toThrow(
      expect.objectContaining({
        code: 'GLUE_ENDPOINT_NOT_FOUND',
        message: expect.stringContaining(words),
      }),
    );
  });
});
