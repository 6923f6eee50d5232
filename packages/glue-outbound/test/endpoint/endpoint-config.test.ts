import { describe, expect, it } from '@jest/globals';
import { parseBaseUrl } from '../../src/endpoint/base-url.js';
import { outboundEndpointConfigSchema } from '../../src/endpoint/endpoint-config.js';

describe('the configuration of an outbound endpoint', () => {
  it('has a default for everything', () => {
    expect(outboundEndpointConfigSchema.parse({})).toMatchObject({
      method: 'POST',
      path: '/',
      body: 'json',
      timeoutMs: 15_000,
      connectTimeoutMs: 5_000,
      concurrency: 10,
      breaker: { failures: 10, pause: 10, longestPause: 900 },
      preset: 'vendor',
      retryPolicy: { jitter: 0.1 },
    });
  });

  it.each<[string, object]>([
    ['an unknown key', { timeout: 3 }],
    ['a base URL with a path', { baseUrl: 'https://api.example.com/v1' }],
    ['a path with a fragment', { path: '/a#b' }],
    ['a path that climbs', { path: '/a/../b' }],
    ['a path that climbs percent-encoded', { path: '/a/%2E%2e/b' }],
    ['a path that could be a host', { path: '//evil.example' }],
    ['a path without a slash', { path: 'a' }],
    ['an open token', { path: '/a/{id' }],
    ['an empty token', { path: '/a/{}' }],
    ['a reserved header', { headers: [{ name: 'Content-Length', value: '3' }] }],
    ['a signature header', { headers: [{ name: 'webhook-signature', value: 'v1,x' }] }],
    ['a malformed header', { headers: [{ name: 'a b', value: '3' }] }],
    ['authorities that are none', { authorities: 'ca.pem' }],
    ['an ordering key that is blank', { orderingKey: ' ' }],
    ['an ordering key that is null', { orderingKey: { literal: null } }],
    ['an ordering key of what an attempt makes', { orderingKey: { delivery: 'attempt' } }],
    ['an unknown source', { headers: [{ name: 'x', value: { settings: 'key' } }] }],
  ])('refuses %s', (_name, config) => {
    expect(outboundEndpointConfigSchema.safeParse(config).success).toBe(false);
  });

  it.each([
    ['https://api.example.com', 'https://api.example.com'],
    ['https://api.example.com/', 'https://api.example.com'],
    ['HTTP://Api.Example.com:8080', 'http://api.example.com:8080'],
    ['https://[2606:4700::1111]', 'https://[2606:4700::1111]'],
    ['ftp://example.com', undefined],
    ['https://user:pw@example.com', undefined],
    ['https://@example.com', undefined],
    ['https://example.com?', undefined],
    ['https://example.com/#', undefined],
    ['https://example.com/v1', undefined],
    ['https:\\\\example.com', undefined],
    ['example.com', undefined],
    ['', undefined],
  ])('reads the base URL %j as %j', (text, origin) => {
    expect(parseBaseUrl(text)).toBe(origin);
  });
});
