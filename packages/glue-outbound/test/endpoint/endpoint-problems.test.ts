import { describe, expect, it, test } from '@jest/globals';
import { ConnectorBackend, type BackendLookup } from 'glue-core';
import { endpointProblems, type EndpointLinks } from '../../src/endpoint/endpoint-problems.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';
import type { OutboundEndpoint } from '../../src/endpoint/endpoint-directory.js';
import { OutboundBackend } from '../../src/outbound-backend.js';
import { AddressGuard } from '../../src/send/address-guard.js';

class SilentBackend extends OutboundBackend(ConnectorBackend) {}
class LeadingBackend extends OutboundBackend(ConnectorBackend) {
  override outboundBaseUrl() {
    return 'https://api.example.com';
  }
}
class OtherSideBackend extends ConnectorBackend {}

const backend = { type: 'shop', id: 1 };
const ready = (instance: ConnectorBackend): BackendLookup => ({ state: 'ready', instance });
const disabled: BackendLookup = { state: 'inactive', reason: 'the backend is disabled' };
const baseUrl = 'https://api.example.com';

function problemsOf(
  config: object,
  lookup?: BackendLookup,
  more: Partial<OutboundEndpoint> & { egress?: readonly string[] } = {},
): string[] {
  const { egress, ...fields } = more;
  const links: EndpointLinks = {
    registry: { find: () => lookup ?? { state: 'broken', reason: 'unknown' } },
    handlers: new Map([['shop:keep', { handleDelivery: () => ({ kind: 'send' }) }]]),
    egressOf: () => egress && { connector: 'shop', hosts: egress },
    guard: new AddressGuard({ cidrs: [], hosts: ['localhost:8080', '127.0.0.1:8080'] }),
  };
  const endpoint: OutboundEndpoint = {
    ...{ id: 1, name: 'a', code: 'a', suffix: 'a', state: 'draft', company: 'default', version: 1 },
    config: outboundEndpointConfigSchema.parse(config),
    ...(lookup && { backend }),
    ...fields,
  };
  return endpointProblems(endpoint, {}, links);
}

describe('an outbound endpoint is complete', () => {
  it('with a base URL of its own', () => {
    expect(problemsOf({ baseUrl })).toEqual([]);
    expect(problemsOf({ baseUrl }, ready(new SilentBackend()))).toEqual([]);
    expect(problemsOf({ baseUrl }, ready(new OtherSideBackend()))).toEqual([]);
  });

  it('with a backend that gives one, whatever its own is', () => {
    expect(problemsOf({}, ready(new LeadingBackend()), { egress: [] })).toEqual([]);
    expect(problemsOf({ baseUrl: 'http://10.0.0.1' }, ready(new LeadingBackend()))).toEqual([]);
  });

  it('with a receiver that nothing limits, or that its connector declares', () => {
    expect(problemsOf({ baseUrl }, ready(new SilentBackend()))).toEqual([]);
    expect(problemsOf({ baseUrl }, ready(new SilentBackend()), { egress: ['*.example.com'] })).toEqual([]);
  });

  it('with a handler that a connector offers', () => {
    expect(problemsOf({ baseUrl }, undefined, { handler: 'shop:keep' })).toEqual([]);
  });

  it('with a private receiver that the operator allows', () => {
    expect(problemsOf({ baseUrl: 'http://127.0.0.1:8080' })).toEqual([]);
  });
});

describe('an outbound endpoint is not complete', () => {
  const noUrl = 'there is no base URL: set config.baseUrl, or link it to a backend that gives one';
  test.each<[string, object, BackendLookup | undefined, object, string[]]>([
    [
      'when it gives a GET a payload',
      {
        baseUrl,
        method: 'GET',
        payload: [
          { remove: 'a', optional: true },
          { set: 'a', value: 'x' },
        ],
      },
      undefined,
      {},
      ['config.payload[1]: sets a member, but a GET carries no payload'],
    ],
    ['without a base URL', {}, undefined, {}, [noUrl]],
    ['when its backend gives none', {}, ready(new SilentBackend()), {}, [noUrl]],
    ['when its backend is of the other side', {}, ready(new OtherSideBackend()), {}, [noUrl]],
    [
      'when its backend does not work, of which all else depends',
      {},
      disabled,
      {},
      ['backend shop,1: the backend is disabled'],
    ],
    [
      'with a handler that nobody offers',
      { baseUrl },
      undefined,
      { handler: 'shop:gone' },
      ['no enabled connector offers the handler "shop:gone"'],
    ],
    [
      'when the connector does not declare its receiver',
      { baseUrl },
      ready(new SilentBackend()),
      { egress: ['api.shop.example'] },
      [
        `config.baseUrl: the connector "shop" does not declare the host api.example.com in its egress: add it there, or to connectors.egress.shop of the host's configuration`,
      ],
    ],
    [
      'when its receiver is an address that must not be called',
      { baseUrl: 'http://169.254.169.254' },
      undefined,
      {},
      [
        'config.baseUrl: 169.254.169.254 is not a public address: if it may be called, name it in outbound.allow of the configuration',
      ],
    ],
    [
      'by all of it at once',
      {},
      undefined,
      { handler: 'x:y' },
      ['no enabled connector offers the handler "x:y"', noUrl],
    ],
  ])('%s', (_why, config, lookup, more, problems) => {
    expect(problemsOf(config, lookup, more)).toEqual(problems);
  });
});
